// The colours of the canvas: variables of the page's theme, so that a change of the theme draws nothing anew; and
// real colours wherever a drawing leaves the page.

/** What bpmn-js draws elements in that have no colour of their own. */
export const RENDERER = {
  defaultFillColor: 'var(--canvas-fill)',
  defaultStrokeColor: 'var(--canvas-ink)',
}

/** The same on paper. */
const PAPER: ReadonlyMap<string, string> = new Map([
  [RENDERER.defaultFillColor, '#ffffff'],
  [RENDERER.defaultStrokeColor, '#22252b'],
])

/** A drawing of this page as a file that looks the same everywhere. */
export function onPaper(svg: string): string {
  let text = svg
  for (const [variable, color] of PAPER) text = text.replaceAll(variable, color)
  return text
}
