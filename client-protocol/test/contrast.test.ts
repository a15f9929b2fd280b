import assert from 'node:assert/strict'
import { test } from 'node:test'
import { luminance, readableOn } from '../src/bpmn-js/presence/contrast.ts'
import { seeded } from './random.ts'

/** WCAG's ratio of two colours. */
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

test('a name is black on yellow and white on blue', () => {
  assert.equal(readableOn('#fbc02d'), '#000000')
  assert.equal(readableOn('#1976D2'), '#ffffff')
})

test('every colour gives its name the contrast of 4.5 to 1', () => {
  const random = seeded(1)
  for (let n = 0; n < 2_000; n++) {
    const color = `#${Math.floor(random() * 0x1000000)
      .toString(16)
      .padStart(6, '0')}`
    assert.ok(contrast(color, readableOn(color)) >= 4.5, color)
  }
})
