// The Studio as people use it: from an empty list to two windows on one diagram, guests with a link, files.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Server } from '../interop/lib/server.mjs'
import { fixture, Scene } from './lib/scene.mjs'
import { atTheList, create, element, invite, saved, shown, writeLabel } from './lib/studio.mjs'

const scene = await Scene.open()

it('a new user creates a diagram, and a second window sees what is edited in it', async t => {
  const ana = await atTheList(scene, t, 'ana')
  await create(ana, 'Approval', 'Travel request')
  const ben = await scene.enter(t, { user: 'ben' })
  await ben.page.goto(ana.page.url())
  await shown(ben.page)
  await ana.page.getByRole('button', { name: /^Follow / }).waitFor()

  await writeLabel(ana.page, 'Task_Check', 'Check the budget')
  await element(ben.page, 'Task_Check').getByText('budget').waitFor()
  await saved(ana.page)
  await writeLabel(ben.page, 'Task_Carry', 'Book the trip')
  await element(ana.page, 'Task_Carry').getByText('trip').waitFor()

  await ana.page.getByRole('button', { name: 'Undo your last edit' }).click()
  await element(ben.page, 'Task_Check').getByText('request').waitFor()
  assert.equal(await element(ben.page, 'Task_Carry').getByText('trip').count(), 1, 'an undo takes back only one’s own')
})

it('properties are shown, written, and seen by the others', async t => {
  const ana = await atTheList(scene, t, 'ana')
  await create(ana, 'Collaboration', 'With notes')
  const ben = await scene.enter(t, { user: 'ben' })
  await ben.page.goto(ana.page.url())
  await shown(ben.page)
  for (const { page } of [ana, ben]) {
    await page.getByRole('button', { name: 'Properties' }).click()
    await element(page, 'Task_Pick').click()
  }
  const panel = ana.page.getByRole('complementary', { name: 'Properties' })
  await panel.getByText('Task', { exact: true }).waitFor()
  await panel.getByRole('textbox', { name: 'Name' }).fill('Pick, pack, label')
  await panel.getByRole('textbox', { name: 'Documentation' }).fill('In this order.')
  await panel.getByRole('button', { name: 'Green' }).click()
  const other = ben.page.getByRole('complementary', { name: 'Properties' })
  await ben.until('the documentation is there', () =>
    [...document.querySelectorAll('textarea')].some(field => field.value === 'In this order.'))
  assert.equal(await other.getByRole('textbox', { name: 'Name' }).inputValue(), 'Pick, pack, label')
  await other.getByRole('button', { name: 'Green', pressed: true }).waitFor()

  await panel.getByRole('textbox', { name: 'Id' }).fill('Task_Deliver')
  await panel.getByText('Another element has this id.').waitFor()
})

it('dark mode is remembered, and the canvas goes along', async t => {
  const ana = await atTheList(scene, t, 'ana')
  await create(ana, 'Approval', 'By night')
  const stroke = () => ana.page.evaluate(() => {
    const shape = document.querySelector('[data-element-id="Task_Check"] .djs-visual > *')
    return shape === null ? '' : getComputedStyle(shape).stroke
  })
  const light = await stroke()
  await ana.page.getByRole('button', { name: 'Dark mode' }).click()
  assert.notEqual(await stroke(), light)
  await ana.page.reload()
  await shown(ana.page)
  assert.notEqual(await stroke(), light)
  await ana.page.getByRole('button', { name: 'Light mode' }).click()
  assert.equal(await stroke(), light)
})

it('a guest with a link to look sees every edit and can make none', async t => {
  const ana = await atTheList(scene, t, 'ana')
  await create(ana, 'Approval', 'For guests')
  const link = await invite(ana.page, 'Can view')
  const guest = await scene.enter(t, { user: 'guest' })
  await guest.page.goto(link)
  await shown(guest.page)
  await guest.page.getByText('View only').waitFor()
  assert.ok(!guest.page.url().includes('invite'), 'the address forgets the invitation')
  await writeLabel(ana.page, 'Task_Check', 'Look at it')
  await element(guest.page, 'Task_Check').getByText('Look at it').waitFor()

  await element(guest.page, 'Task_Check').dblclick()
  await guest.page.keyboard.press('Delete')
  assert.equal(await guest.page.locator('.djs-direct-editing-content').count(), 0)
  assert.equal(await guest.page.locator('.djs-palette:visible').count(), 0)
  assert.equal(await guest.page.getByRole('button', { name: 'Invite' }).count(), 0)
  assert.equal(await element(guest.page, 'Task_Check').count(), 1)
})

it('an invitation says until when its link works', async t => {
  const ana = await atTheList(scene, t, 'ana')
  await create(ana, 'Approval', 'For a day')
  const tomorrow = () => new Date(Date.now() + 86_400_000).toLocaleDateString('en', { dateStyle: 'medium' })
  await ana.page.getByRole('button', { name: 'Invite' }).click()
  const dialog = ana.page.getByRole('dialog', { name: 'Invite people' })
  await dialog.getByLabel('The link works for').selectOption('1 day')
  const dates = [tomorrow()]
  await dialog.getByRole('button', { name: 'Copy link' }).click()
  const label = await dialog.locator('label', { hasText: 'Link, valid until' }).innerText()
  dates.push(tomorrow())
  assert.ok(dates.some(date => label.includes(date)), `${label} names ${dates[0]}`)
})

it('a guest with a link to edit edits, and its list holds nothing else', async t => {
  const ana = await atTheList(scene, t, 'ana')
  await create(ana, 'Approval', 'Edited by guests')
  const guest = await scene.enter(t, { user: 'guest' })
  await guest.page.goto(await invite(ana.page, 'Can edit'))
  await shown(guest.page)
  await guest.page.getByText('Guest', { exact: true }).waitFor()
  await writeLabel(guest.page, 'Task_Check', 'From outside')
  await element(ana.page, 'Task_Check').getByText('From outside').waitFor()
  await guest.page.getByRole('link', { name: 'All diagrams' }).click()
  await guest.page.getByRole('link', { name: /Edited by guests/ }).waitFor()
  assert.equal(await guest.page.locator('.card').count(), 1)
  assert.equal(await guest.page.getByRole('button', { name: 'New diagram' }).count(), 0)
})

it('files are uploaded, also by dropping them; a broken one is shown with the place of its fault', async t => {
  const ana = await atTheList(scene, t, 'ana')
  // The answer to the broken file.
  ana.expect(/422/)
  const [chooser] = await Promise.all([
    ana.page.waitForEvent('filechooser'),
    ana.page.getByRole('button', { name: 'Upload' }).click()
  ])
  await chooser.setFiles({ name: 'broken.bpmn', mimeType: '', buffer: Buffer.from('<definitions>\n  <process id=x/>\n') })
  const dialog = ana.page.getByRole('dialog', { name: 'This file can’t be opened' })
  await dialog.getByText('broken.bpmn').waitFor()
  assert.match(await dialog.locator('.excerpt').innerText(), /2\s+<process id=x\/>/)
  await dialog.getByRole('button', { name: 'Close' }).last().click()

  const text = fixture('collaboration-pools-lanes').toString()
  const dropped = await ana.page.evaluateHandle(text => {
    const files = new DataTransfer()
    files.items.add(new File([text], 'two_pools.bpmn'))
    return files
  }, text)
  for (const event of ['dragenter', 'dragover', 'drop']) {
    await ana.page.dispatchEvent('body', event, { dataTransfer: dropped })
  }
  await shown(ana.page)
  await ana.page.getByRole('heading', { name: 'two pools' }).waitFor()
})

it('who loses the connection is told, goes on, and everything is saved when it is back', async t => {
  const ana = await atTheList(scene, t, 'ana')
  await create(ana, 'Approval', 'On a train')
  await saved(ana.page)
  // A failed request is what the browser itself writes to the console.
  ana.expect(/ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|WebSocket/)
  await scene.server.kill('SIGKILL')
  await ana.page.getByText('You are offline').waitFor()
  await writeLabel(ana.page, 'Task_Check', 'In a tunnel')
  await ana.page.getByText(/1 edit not saved/).first().waitFor()
  await scene.server.launch()
  await ana.page.getByRole('button', { name: 'Reconnect' }).click()
  await saved(ana.page)
  await ana.page.reload()
  await element(ana.page, 'Task_Check').getByText('In a tunnel').waitFor()
})

it('where nobody is signed in by itself, a token opens the Studio, and none is asked for', async t => {
  const server = await Server.start({ ATELIER_AUTH__LOCAL_SIGN_IN: 'off' })
  t.after(() => server.stop())
  const ana = await scene.enter(t, { user: 'ana' })
  ana.expect(/40[13]/)
  await ana.page.goto(server.url)
  const field = ana.page.getByRole('textbox', { name: 'Access token' })
  await field.fill('nonsense')
  await ana.page.getByRole('button', { name: 'Sign in' }).click()
  await ana.page.getByRole('alert').waitFor()
  await field.fill(await server.token({ user: 'ana' }))
  await ana.page.getByRole('button', { name: 'Sign in' }).click()
  await ana.page.getByText('No diagrams yet').waitFor()

  const ben = await scene.enter(t, { user: 'ben' })
  await ben.page.goto(`${server.url}/studio/#token=${await server.token({ user: 'ben' })}`)
  await ben.page.getByText('No diagrams yet').waitFor()
  assert.ok(!ben.page.url().includes('token'), 'the address forgets the token')
})
