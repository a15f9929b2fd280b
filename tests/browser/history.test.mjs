// The history of a diagram in the Studio: milestones, comparisons, restores, and what others save meanwhile.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { it } from 'node:test'
import { Server } from '../interop/lib/server.mjs'
import { until } from '../interop/lib/wait.mjs'
import { fixture, Scene } from './lib/scene.mjs'
import { atTheList, choose, create, element, join, keep, saved, versions, writeLabel } from './lib/studio.mjs'

const scene = await Scene.open()

/** The id in an address. @param {import('playwright-core').Page} page */
const idOf = page => /\/d\/([^/]+)/.exec(page.url())?.[1] ?? ''

/** What the browser keeps when one chooses this. @param {import('playwright-core').Page} page @param {() => Promise<void>} act */
async function download (page, act) {
  const [file] = await Promise.all([page.waitForEvent('download'), act()])
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') }
}

it('a milestone is kept with its message, compared with what came after, and brought back for everybody', async t => {
  const ana = await atTheList(scene, t, 'ana')
  await create(ana, 'Approval', 'With a history')
  const ben = await join(scene, t, 'ben', ana.page)
  const panel = await versions(ana.page)
  await keep(panel, 'Agreed', 'As told to the board')
  await panel.getByText('As told to the board').waitFor()
  await panel.locator('.version-picture img').waitFor()

  await writeLabel(ben.page, 'Task_Check', 'Check the budget')
  await element(ben.page, 'Task_Refuse').click()
  await ben.page.keyboard.press('Delete')
  await element(ana.page, 'Task_Check').getByText('budget').waitFor()
  await element(ana.page, 'Task_Refuse').waitFor({ state: 'detached' })

  await panel.getByRole('button', { name: /^Agreed/ }).click()
  const changes = panel.getByRole('list', { name: 'Changes' })
  await changes.getByRole('button', { name: /Check the budget.*renamed from “Check request”/s }).waitFor()
  const before = ana.page.getByRole('region', { name: 'Version 1' })
  await before.locator('[data-element-id="Task_Refuse"].diff-removed').waitFor()
  await before.locator('[data-element-id="Task_Check"].diff-changed').getByText('request').waitFor()
  await panel.getByText('Now', { exact: true }).last().click()
  await before.waitFor({ state: 'detached' })
  await ana.page.locator('.canvas [data-element-id="Task_Check"].diff-changed').waitFor()
  // What is gone can be seen only where it was.
  await changes.getByRole('button', { name: /removed/ }).first().click()
  await before.locator('.diff-removed.diff-pointed').waitFor()

  await panel.getByRole('button', { name: 'Restore version 1' }).click()
  const dialog = ana.page.getByRole('dialog', { name: 'Restore version 1?' })
  await dialog.getByText('also for the other person').waitFor()
  await dialog.getByRole('button', { name: 'Restore' }).click()
  await element(ben.page, 'Task_Check').getByText('request').waitFor()
  await element(ben.page, 'Task_Refuse').waitFor()
  await panel.getByText('Restored version 1').waitFor()
  assert.equal(await ana.page.locator('.diff-changed').count(), 0, 'nothing stays marked')
  await ben.page.getByRole('status').getByText('restored version 1').waitFor()

  await writeLabel(ben.page, 'Task_Carry', 'Meanwhile')
  await element(ana.page, 'Task_Carry').getByText('Meanwhile').waitFor()
  await ana.page.getByRole('status').getByRole('button', { name: 'Undo' }).click()
  await element(ben.page, 'Task_Check').getByText('budget').waitFor()
  await element(ben.page, 'Task_Refuse').waitFor({ state: 'detached' })
  assert.equal(await element(ben.page, 'Task_Carry').getByText('Meanwhile').count(), 1, 'only the restore is undone')
})

it('a restore that only takes away is undone by the keyboard, and done again', async t => {
  const ana = await atTheList(scene, t, 'ana')
  await create(ana, 'Empty', 'Less')
  const panel = await versions(ana.page)
  await ana.page.locator('.djs-palette [data-action="create.task"]').click()
  await ana.page.mouse.move(500, 500)
  await ana.page.mouse.click(510, 510)
  await ana.page.keyboard.type('Pay')
  await ana.page.keyboard.press('Enter')
  const task = ana.page.locator('.djs-shape', { hasText: 'Pay' })
  await task.waitFor()
  await choose(ana.page, /^More for version 1,/, 'Restore')
  await ana.page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click()
  await task.waitFor({ state: 'detached' })
  await panel.getByText('Restored version 1').waitFor()
  await ana.page.locator('.djs-container > svg').first().focus()
  await ana.page.keyboard.press('Control+z')
  await task.waitFor()
  await ana.page.keyboard.press('Control+Shift+z')
  await task.waitFor({ state: 'detached' })
})

it('any two versions are compared, by a link too, and what is live shows up in a comparison with now', async t => {
  const ana = await atTheList(scene, t, 'ana')
  await create(ana, 'Approval', 'Three states')
  const panel = await versions(ana.page)
  await keep(panel, 'First')
  await writeLabel(ana.page, 'Task_Check', 'Second look')
  await keep(panel, 'Second')
  await writeLabel(ana.page, 'Task_Carry', 'Third step')
  await keep(panel, 'Third')

  await choose(ana.page, /^More for version \d+, Second/, 'See what it changed')
  const changes = panel.getByRole('list', { name: 'Changes' })
  await changes.getByText('Second look').waitFor()
  assert.equal(await changes.getByRole('button').count(), 1)
  await ana.page.locator('.preview [data-element-id="Task_Check"].diff-changed').getByText('Second').waitFor()
  const [from, to] = [panel.getByLabel('From'), panel.getByLabel('To')]
  assert.match(await from.locator('option:checked').innerText(), /First/)
  const third = await to.locator('option', { hasText: 'Third' }).getAttribute('value')
  await to.selectOption(third)
  await changes.getByText('Third step').waitFor()
  assert.equal(await changes.getByRole('button').count(), 2)

  const ben = await scene.enter(t, { user: 'ben' })
  await ben.page.goto(ana.page.url())
  const other = ben.page.getByRole('complementary', { name: 'Versions' })
  await other.getByRole('list', { name: 'Changes' }).getByText('Third step').waitFor()
  await other.getByLabel('To').selectOption('Now')
  await ana.page.goBack()
  await ana.page.goBack()
  await panel.getByRole('list', { name: 'Versions' }).waitFor()
  await writeLabel(ana.page, 'Task_Refuse', 'Fourth thing')
  await other.getByRole('list', { name: 'Changes' }).getByText('Fourth thing').waitFor()
})

it('both sides of a comparison show the same place, and the zoom is of what one sees', async t => {
  const ana = await atTheList(scene, t, 'ana')
  await create(ana, 'Approval', 'Side by side')
  const panel = await versions(ana.page)
  await panel.getByRole('button', { name: /^Created/ }).click()
  const then = ana.page.getByRole('region', { name: 'Version 1' }).locator('[data-element-id="Task_Check"]')
  await then.waitFor()
  const fitted = await then.boundingBox()
  await ana.page.getByRole('button', { name: 'Zoom in' }).click()
  const near = await then.boundingBox()
  assert.ok(near && fitted && near.width > fitted.width * 1.2, 'the version is zoomed')
  await panel.getByText('Now', { exact: true }).last().click()
  await then.waitFor({ state: 'detached' })
  const now = await element(ana.page, 'Task_Check').boundingBox()
  for (const side of /** @type {const} */ (['x', 'y', 'width', 'height'])) {
    assert.ok(Math.abs((now?.[side] ?? 0) - near[side]) < 1, `${side}: ${now?.[side]} is ${near[side]}`)
  }
})

it('a change in a diagram that is too large to be read is shown large enough', async t => {
  const ana = await atTheList(scene, t, 'ana')
  const { page } = ana
  await create(ana, 'Approval', 'From afar')
  const panel = await versions(page)
  await keep(panel, 'Before')
  await writeLabel(page, 'Task_Check', 'Look closer')
  await panel.getByRole('button', { name: /^Before/ }).click()
  const then = page.getByRole('region', { name: 'Version 1' }).locator('[data-element-id="Task_Check"]')
  await then.waitFor()
  for (let step = 0; step < 6; step++) await page.getByRole('button', { name: 'Zoom out' }).click()
  const far = await then.boundingBox()
  await panel.getByRole('list', { name: 'Changes' }).getByRole('button', { name: /^Look closer/ }).click()
  await page.locator('.preview .diff-pointed').waitFor()
  const near = await then.boundingBox()
  assert.ok(far && near && near.width > far.width * 1.5, `${far?.width} became ${near?.width} wide`)
})

it('the history is used by the keyboard alone', async t => {
  const ana = await atTheList(scene, t, 'ana')
  const { page } = ana
  await create(ana, 'Approval', 'Without a mouse')
  /** Goes on to what has this name. @param {string} name */
  const tabTo = async name => {
    for (let step = 0; step < 60; step++) {
      await page.keyboard.press('Tab')
      const isThere = await page.evaluate(name => {
        const focused = document.activeElement
        const label = focused?.getAttribute('aria-label') ?? focused?.closest('label')?.textContent ?? focused?.textContent
        return label?.startsWith(name)
      }, name)
      if (isThere) return
    }
    assert.fail(`no way to ${name}`)
  }
  await tabTo('Versions')
  await page.keyboard.press('Enter')
  const panel = page.getByRole('complementary', { name: 'Versions' })
  await panel.getByRole('button', { name: /^Created/ }).waitFor()
  await tabTo('Keep the present state')
  await page.keyboard.type('Agreed')
  await page.keyboard.press('Enter')
  await panel.getByRole('button', { name: /^Agreed/ }).waitFor()
  await tabTo('More for version 1')
  await page.keyboard.press('Enter')
  await page.getByRole('menu').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('menu').waitFor({ state: 'detached' })
  await page.keyboard.press('Enter')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Restore version 1?' })
  await dialog.waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'More for version 1, Agreed')
})

it('an old version is downloaded as BPMN and as a picture with its changes marked', async t => {
  const ana = await atTheList(scene, t, 'ana')
  await create(ana, 'Approval', 'To take along')
  const panel = await versions(ana.page)
  await keep(panel, 'First')
  await writeLabel(ana.page, 'Task_Check', 'Second look')
  await keep(panel, 'Second')
  const bpmn = await download(ana.page, () => choose(ana.page, /^More for version 1,/, 'Download .bpmn'))
  assert.equal(bpmn.name, 'To take along v1.bpmn')
  assert.match(bpmn.text, /name="Check request"/)
  const picture = await download(ana.page, () => choose(ana.page, /Second$/, 'Download marked picture'))
  assert.match(picture.name, /^To take along v\d+ since v1\.svg$/)
  assert.match(picture.text, /^<svg[\s\S]*Second look/)
})

it('who saves by REST is told to everybody who has the diagram open, with what it changed', async t => {
  const ana = await atTheList(scene, t, 'ana')
  await create(ana, 'Approval', 'Saved from a script')
  await saved(ana.page)
  const [id, token] = [idOf(ana.page), await scene.server.token({ user: 'rob', org: 'local' })]
  const authorization = `Bearer ${token}`
  const address = `${scene.server.url}/api/diagrams/${id}/xml`
  const current = await fetch(address, { headers: { authorization } })
  const text = (await current.text()).replace('Check request', 'Check by script')
  const answer = await fetch(address, {
    method: 'PUT',
    headers: { authorization, 'content-type': 'application/xml', 'if-match': current.headers.get('etag') ?? '' },
    body: text
  })
  assert.equal(answer.status, 200)
  await element(ana.page, 'Task_Check').getByText('by script').waitFor()
  const notice = ana.page.getByRole('status')
  await notice.getByText(/^rob saved version \d+\.$/).waitFor()
  await notice.getByRole('button', { name: 'See changes' }).click()
  const panel = ana.page.getByRole('complementary', { name: 'Versions' })
  await panel.getByRole('list', { name: 'Changes' }).getByText('Check by script').waitFor()
})

it('what is kept automatically is folded away between what people keep', async t => {
  const server = await Server.start({ ATELIER_VERSIONS__EVERY: '1s' })
  t.after(() => server.stop())
  const who = { user: 'ana', org: 'acme' }
  const id = await server.create(fixture('order-to-delivery'), who)
  const ana = await scene.enter(t, who)
  await ana.page.goto(`${server.url}/studio/d/${id}#token=${await server.token(who)}`)
  const automatic = async () => {
    const answer = await server.request('GET', `/api/diagrams/${id}/versions`, who)
    const { versions } = /** @type {{ versions: { kind: string }[] }} */ (await answer.json())
    return versions.filter(({ kind }) => kind === 'automatic').length
  }
  for (const step of [1, 2, 3]) {
    await writeLabel(ana.page, 'Check', `Check ${step}`)
    await until(`${step} are kept`, async () => await automatic() === step)
  }
  const panel = await versions(ana.page)
  const list = panel.getByRole('list', { name: 'Versions' })
  await list.getByRole('button', { name: /^Kept automatically/ }).waitFor()
  assert.equal(await list.getByRole('button', { name: /^Kept automatically/ }).count(), 1, 'the newest is in sight')
  await list.getByText('2 kept automatically').click()
  await list.getByRole('button', { name: /^Kept automatically/ }).nth(2).click()
  await panel.getByRole('list', { name: 'Changes' }).getByText('renamed from “Check 1”').waitFor()
})

it('the activity tells who did what', async t => {
  const ana = await atTheList(scene, t, 'ana')
  await create(ana, 'Approval', 'Much happened')
  const panel = await versions(ana.page)
  await keep(panel, 'Agreed')
  await panel.getByText('Activity', { exact: true }).click()
  const deeds = panel.getByRole('list', { name: 'Activity' }).getByRole('listitem')
  await deeds.first().waitFor()
  assert.match((await deeds.allInnerTexts()).join('\n'), /^You named version 1[\s\S]*You created the diagram/)
  await deeds.first().getByRole('link', { name: 'named version 1' }).click()
  await panel.getByText('Nothing is different.').waitFor()
  assert.ok(await panel.getByRole('button', { name: 'Restore version 1' }).isDisabled())
  await panel.getByRole('button', { name: 'Close versions' }).click()
  await panel.waitFor({ state: 'detached' })
  assert.ok(!ana.page.url().includes('/v/'), 'the address goes along')
})
