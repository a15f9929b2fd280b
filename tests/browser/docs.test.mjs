// The description of the API as people read it: offline, under its policy, and tried with their own rights.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Scene } from './lib/scene.mjs'

const scene = await Scene.open()

/** The part of an operation. @param {import('playwright-core').Page} page @param {string} title */
const part = (page, title) => page.getByRole('article', { name: title, exact: true })

it('everything that the page needs comes from this server, under a policy that allows nothing else', async t => {
  const { page } = await scene.enter(t)
  /** @type {string[]} */
  const asked = []
  page.on('request', request => asked.push(new URL(request.url()).origin))
  const answer = await page.goto(`${scene.server.url}/docs`)
  const policy = answer?.headers()['content-security-policy'] ?? ''
  assert.match(policy, /default-src 'none'.*script-src 'self';/)
  assert.doesNotMatch(policy, /unsafe|\*/)
  await part(page, 'List diagrams').waitFor()
  assert.deepEqual(new Set(asked), new Set([scene.server.url]))
})

it('an operation is found by its words and linked by its name', async t => {
  const { page } = await scene.enter(t)
  await page.goto(`${scene.server.url}/docs`)
  await page.getByRole('searchbox', { name: 'Find operations' }).fill('restore')
  await page.getByText('1 operation', { exact: true }).waitFor()
  await page.getByRole('navigation').getByRole('link', { name: /Bring a version back/ }).click()
  assert.match(page.url(), /#restoreVersion$/)
})

it('whoever is signed in tries an operation with the own rights', async t => {
  const { page } = await scene.enter(t)
  await page.goto(`${scene.server.url}/docs`)
  const create = part(page, 'Create a project')
  await create.getByText('Try it').click()
  await create.getByRole('button', { name: 'Send POST' }).click()
  await create.getByText('201', { exact: true }).last().waitFor()
  const list = part(page, 'List projects')
  await list.getByText('Try it').click()
  await list.getByRole('button', { name: 'Send GET' }).click()
  await list.getByText('"Purchasing"').waitFor()
})
