// What the test page puts on its window, for functions that tests run inside of it.
interface Window {
  /** `Live` of page/main.ts; its types need packages that the tests themselves do without. */
  live: any
  /** Actions and the diagrams that they need, on the same page. */
  samples: { actions: { name: string, diagram: string }[], diagrams: Record<string, string> }
  /** The pair of page/pair.ts. */
  pair: any
  /** What a test keeps on the page between two steps. */
  scene: any
}
