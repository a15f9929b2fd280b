// The list of diagrams in the Studio: found, sorted into projects, copied, deleted and brought back.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Scene } from './lib/scene.mjs'
import { atTheList, byToken, choose, create, shown } from './lib/studio.mjs'

const scene = await Scene.open({ ATELIER_PLANS__FREE: '3' })

/** @param {import('playwright-core').Page} page @param {string | RegExp} title */
const card = (page, title) => page.getByRole('main').getByRole('link', { name: title })

/** Diagrams of the organisation, by REST. @param {string} org @param {readonly string[]} titles */
async function fill (org, titles) {
  for (const title of titles) {
    const body = { type: 'application/json', content: JSON.stringify({ title }) }
    assert.equal((await scene.server.request('POST', '/api/diagrams', { org, user: 'ana' }, body)).status, 201)
  }
}

it('diagrams are found by their titles, renamed, deleted and brought back', async t => {
  const ana = await atTheList(scene, t, 'ana')
  const { page } = ana
  await create(ana, 'Empty', 'Quarterly review')
  await page.getByRole('button', { name: 'Quarterly review' }).click()
  const title = page.getByRole('textbox', { name: 'Title of the diagram' })
  await title.fill('Yearly review')
  await title.press('Enter')
  await page.getByRole('heading', { name: 'Yearly review' }).waitFor()
  await page.getByRole('link', { name: 'All diagrams' }).click()
  await choose(page, 'More for Yearly review', 'Rename')
  const field = page.getByRole('dialog', { name: 'Rename the diagram' }).getByLabel('Title')
  await field.fill('Monthly review')
  await field.press('Enter')

  await page.getByRole('searchbox', { name: 'Search titles' }).fill('monthly')
  await ana.until('only one is shown', () => document.querySelectorAll('.card').length === 1)
  await choose(page, 'More for Monthly review', 'Delete')
  await page.getByText('Nothing found').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await card(page, /Monthly review/).waitFor()
  await choose(page, 'More for Monthly review', 'Delete')
  await page.getByText('Nothing found').waitFor()
  await page.getByRole('link', { name: 'Recently deleted' }).click()
  await page.getByRole('heading', { name: 'Recently deleted' }).waitFor()
  await choose(page, 'More for Monthly review', 'Bring back')
  await page.getByText('Nothing found').waitFor()
  await page.getByRole('link', { name: 'All diagrams' }).click()
  await card(page, /Monthly review/).click()
  await shown(page)
})

it('whoever comes to the list sees the title that was just given, however slow the server is', async t => {
  const ana = await atTheList(scene, t, 'ana')
  const { page } = ana
  await create(ana, 'Empty', 'Before')
  let release = () => {}
  const held = new Promise(resolve => { release = () => resolve(undefined) })
  await page.route('**/api/diagrams/*', async route => {
    if (route.request().method() === 'PATCH') await held
    await route.continue()
  })
  await page.getByRole('button', { name: 'Before' }).click()
  const title = page.getByRole('textbox', { name: 'Title of the diagram' })
  await title.fill('After')
  await title.press('Enter')
  await page.getByRole('link', { name: 'All diagrams' }).click()
  await page.getByText('Loading diagrams').waitFor()
  release()
  await card(page, /^After/).waitFor()
})

it('projects are made, filled by menu and by dragging, renamed, and removed when they are empty', async t => {
  await fill('sorted', ['One', 'Two'])
  const ana = await byToken(scene, t, { user: 'ana', org: 'sorted' })
  const { page } = ana
  const projects = page.getByRole('list', { name: 'Projects' })
  await card(page, /^One/).waitFor()
  await choose(page, 'More for One', 'Move to project')
  const dialog = page.getByRole('dialog', { name: 'Move “One”' })
  await dialog.getByLabel('Its name').fill('Sales')
  await dialog.getByRole('button', { name: 'Move' }).click()
  await page.getByText('“One” is in “Sales” now.').waitFor()
  await card(page, /^Two/).dragTo(projects.getByRole('link', { name: 'Sales' }))
  await page.getByText('“Two” is in “Sales” now.').waitFor()

  await projects.getByRole('link', { name: 'Sales' }).click()
  await page.getByRole('heading', { name: 'Sales' }).waitFor()
  await card(page, /^Two/).waitFor()
  assert.equal(await page.locator('.card').count(), 2)
  // The answer to removing what is not empty.
  ana.expect(/409/)
  await choose(page, 'More for the project Sales', 'Remove project')
  await page.getByText('Only an empty project can be removed').waitFor()
  for (const title of ['One', 'Two']) {
    await choose(page, `More for ${title}`, 'Move to project')
    await page.getByRole('dialog').getByLabel('Project').selectOption('No project')
    await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click()
    await page.getByRole('button', { name: `More for ${title}` }).waitFor({ state: 'detached' })
  }
  await page.getByText('This project is empty').waitFor()
  await choose(page, 'More for the project Sales', 'Rename project')
  await page.getByRole('dialog').getByLabel('Name').fill('Old sales')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Old sales' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Old sales' }).waitFor()
  await choose(page, 'More for the project Old sales', 'Remove project')
  await page.getByRole('heading', { name: 'Diagrams', exact: true }).waitFor()
  await card(page, /^Two/).waitFor()
  assert.equal(await projects.getByRole('link').count(), 0)
})

it('what is created in a project belongs to it, and a copy to the project of its original', async t => {
  const ana = await byToken(scene, t, { user: 'ana', org: 'copied' })
  const { page } = ana
  await page.getByRole('button', { name: 'New project' }).click()
  await page.getByRole('dialog', { name: 'New project' }).getByLabel('Name').fill('Travel')
  await page.keyboard.press('Enter')
  await page.getByText('This project is empty').waitFor()
  await create(ana, 'Approval', 'Trip')
  await page.goBack()
  await choose(page, 'More for Trip', 'Duplicate')
  await card(page, /^Copy of Trip/).waitFor()
  const [copy, original] = await page.locator('.card').allInnerTexts()
  assert.equal(copy, `Copy of ${original}`)
  await page.getByRole('status').getByRole('button', { name: 'Open' }).click()
  await page.getByRole('heading', { name: 'Copy of Trip' }).waitFor()
  await shown(page)
})

it('a long list goes on by itself when one scrolls, in the order that one chose', async t => {
  const titles = Array.from({ length: 70 }, (_, i) => `Process ${String(i + 1).padStart(3, '0')}`)
  await fill('long', titles)
  const { page } = await byToken(scene, t, { user: 'ana', org: 'long' })
  await page.getByLabel('Sort by').selectOption('Title')
  await card(page, /^Process 060/).waitFor()
  await card(page, /^Process 060/).scrollIntoViewIfNeeded()
  await card(page, /^Process 070/).waitFor()
  assert.deepEqual(await page.locator('.card-title').allInnerTexts(), titles)
  await page.getByRole('button', { name: 'Show more' }).waitFor({ state: 'detached' })
})

it('the list says how many diagrams the plan allows, and why there can be no more', async t => {
  await scene.server.command('org', 'plan', 'small', 'free')
  await fill('small', ['One', 'Two'])
  const ana = await byToken(scene, t, { user: 'ana', org: 'small' })
  const { page } = ana
  await page.getByText('2 of 3 diagrams').waitFor()
  await choose(page, 'More for Two', 'Duplicate')
  await page.getByText('3 of 3 diagrams').waitFor()
  // The answer beyond the quota.
  ana.expect(/403/)
  await choose(page, 'More for One', 'Duplicate')
  await page.getByText('as many diagrams as its plan allows').waitFor()
  await choose(page, 'More for Two', 'Delete')
  await page.getByText('2 of 3 diagrams').waitFor()
})

it('several files are uploaded at once, and those that are no BPMN are told', async t => {
  const ana = await byToken(scene, t, { user: 'ana', org: 'files' })
  const { page } = ana
  ana.expect(/422/)
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Upload' }).click()
  ])
  const file = (/** @type {string} */ name, /** @type {string} */ text) => ({ name, mimeType: '', buffer: Buffer.from(text) })
  const bpmn = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="P"/></definitions>'
  await chooser.setFiles([file('first.bpmn', bpmn), file('notes.xml', 'Dear all'), file('second.bpmn', bpmn)])
  const dialog = page.getByRole('dialog', { name: 'This file can’t be opened' })
  await dialog.getByText('notes.xml').waitFor()
  await page.keyboard.press('Escape')
  await card(page, /^first/).waitFor()
  await card(page, /^second/).waitFor()
  await page.getByText('2 diagrams uploaded.').waitFor()
})

it('who may only look finds nothing that they may not do', async t => {
  await fill('watched', ['Seen by all'])
  const { page } = await byToken(scene, t, { user: 'vic', org: 'watched', role: 'viewer' })
  await card(page, /^Seen by all/).waitFor()
  for (const name of ['New diagram', 'Upload', 'New project', /^More for/]) {
    assert.equal(await page.getByRole('button', { name }).count(), 0, String(name))
  }
  await page.getByRole('button', { name: /^You are/ }).click()
  await page.getByText('· Viewer').waitFor()
  await page.keyboard.press('Escape')
  await card(page, /^Seen by all/).click()
  await shown(page)
  await page.getByText('View only').waitFor()
  await page.getByRole('button', { name: 'Versions', exact: true }).click()
  const panel = page.getByRole('complementary', { name: 'Versions' })
  await panel.getByRole('button', { name: /^Created/ }).click()
  await panel.getByText('Nothing is different.').waitFor()
  assert.equal(await panel.getByRole('button', { name: /Restore/ }).count(), 0)
  await page.getByRole('button', { name: 'Invite' }).click()
  await page.getByRole('dialog').getByText('Can view').waitFor()
  assert.equal(await page.getByRole('dialog').getByText('Can edit').count(), 0)
})

it('an admin adds members, gives them roles and removes them, and an open page follows', async t => {
  const org = 'staffed'
  await fill(org, ['Common work'])
  const ben = await byToken(scene, t, { user: 'ben', org })
  ben.expect(/403/)
  await card(ben.page, /^Common work/).click()
  await shown(ben.page)
  const ana = await byToken(scene, t, { user: 'root', org, role: 'admin' })
  const { page } = ana
  await page.getByRole('button', { name: 'Members' }).click()
  const dialog = page.getByRole('dialog', { name: 'Members' })
  await dialog.getByLabel('E-mail address or user id').fill('zoe@example.com')
  await dialog.getByLabel('Role', { exact: true }).selectOption('Viewer')
  await dialog.getByRole('button', { name: 'Add' }).click()
  const zoe = dialog.getByRole('listitem').filter({ hasText: 'zoe@example.com' })
  await zoe.getByText('has not come yet').waitFor()
  assert.equal(await zoe.getByRole('combobox').inputValue(), 'viewer')

  await dialog.getByLabel('Role of ben').selectOption('Viewer')
  await ben.page.getByText('View only').waitFor()
  // The answer to giving up the last admin.
  ana.expect(/409/)
  await dialog.getByLabel('Role of root').selectOption('Member')
  await page.getByText('The organisation needs an administrator.').waitFor()
  await ana.until('the choice is taken back', () =>
    [...document.querySelectorAll('select')].some(one => one.ariaLabel === 'Role of root' && one.value === 'admin'))

  await dialog.getByRole('button', { name: 'Remove ben' }).click()
  await ben.page.getByRole('alert').waitFor()
  await dialog.getByRole('listitem').filter({ hasText: 'ben was removed' }).getByRole('button', { name: 'Add again' }).click()
  await dialog.getByLabel('Role of ben').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Members' }).count(), 1)
})
