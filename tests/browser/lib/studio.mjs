// What people do again and again in the Studio, by mouse and keyboard.

/** @typedef {import('node:test').TestContext} TestContext */
/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('./scene.mjs').Scene} Scene */
/** @typedef {import('./visitor.mjs').Visitor} Visitor */

/** Opens the list of diagrams. @param {Scene} scene @param {TestContext} t @param {string} user */
export async function atTheList (scene, t, user) {
  const visitor = await scene.enter(t, { user })
  // On a busy machine a picture is asked for before it is drawn.
  visitor.expect(/404.*thumbnail\.svg/)
  await visitor.page.goto(`${scene.server.url}/`)
  await visitor.page.getByRole('heading', { name: 'Diagrams', exact: true }).waitFor()
  return visitor
}

/** Opens the Studio by a token, as in an organisation. @param {Scene} scene @param {TestContext} t @param {import('./scene.mjs').Who} who @param {string} [path] */
export async function byToken (scene, t, who, path = '/studio/') {
  const visitor = await scene.enter(t, who)
  visitor.expect(/404.*thumbnail\.svg/)
  await visitor.page.goto(`${scene.server.url}${path}#token=${await scene.server.token(who)}`)
  return visitor
}

/** Creates a diagram from a template, and is in it then. @param {Visitor} visitor @param {string} template @param {string} title */
export async function create ({ page }, template, title) {
  await page.getByRole('button', { name: 'New diagram' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'New diagram' })
  await dialog.getByText(template, { exact: true }).click()
  await dialog.getByRole('textbox', { name: 'Title' }).fill(title)
  await dialog.getByRole('button', { name: 'Create diagram' }).click()
  await shown(page)
}

/** A second person in the same diagram. @param {Scene} scene @param {TestContext} t @param {string} user @param {Page} page of the first */
export async function join (scene, t, user, page) {
  const visitor = await scene.enter(t, { user })
  await visitor.page.goto(page.url())
  await shown(visitor.page)
  return visitor
}

/** @param {Page} page */
export const shown = page => page.locator('.djs-shape').first().waitFor()

/** On the live canvas. @param {Page} page @param {string} id */
export const element = (page, id) => page.locator(`.canvas > .bjs-container [data-element-id="${id}"]`)

/** Writes a label as one does: double click, type, Enter. @param {Page} page @param {string} id @param {string} text */
export async function writeLabel (page, id, text) {
  await element(page, id).dblclick()
  const label = page.locator('.djs-direct-editing-content')
  await label.fill(text)
  await label.press('Enter')
}

/** @param {Page} page */
export const saved = page => page.locator('.saved.good', { hasText: 'Saved' }).waitFor()

/** The link of an invitation. @param {Page} page @param {string} role */
export async function invite (page, role) {
  await page.getByRole('button', { name: 'Invite' }).click()
  const dialog = page.getByRole('dialog', { name: 'Invite people' })
  await dialog.getByText(role).click()
  await dialog.getByRole('button', { name: 'Copy link' }).click()
  const link = await dialog.getByLabel(/^Link, valid until/).inputValue()
  await dialog.getByRole('button', { name: 'Close' }).click()
  return link
}

/** Opens the history, and gives its panel. @param {Page} page */
export async function versions (page) {
  await page.getByRole('button', { name: 'Versions', exact: true }).click()
  return page.getByRole('complementary', { name: 'Versions' })
}

/** Keeps the present state under a name. @param {import('playwright-core').Locator} panel @param {string} name @param {string} [message] */
export async function keep (panel, name, message) {
  await panel.getByLabel('Keep the present state').fill(name)
  if (message !== undefined) await panel.getByLabel('Message').fill(message)
  await panel.getByRole('button', { name: 'Keep', exact: true }).click()
  await panel.getByRole('button', { name: new RegExp(`^${name}`) }).waitFor()
}

/** Chooses in the menu of something. @param {Page} page @param {string | RegExp} menu @param {string} item */
export async function choose (page, menu, item) {
  await page.getByRole('button', { name: menu }).click()
  await page.getByRole('menuitem', { name: item }).click()
}
