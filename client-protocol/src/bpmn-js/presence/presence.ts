// Who is here, on a bpmn-js canvas: shows the others, lets them see this window, and follows whom one likes.
import type { Awareness } from '../../client/awareness.ts'
import type { Readable } from '../../client/readable.ts'
import type { Services } from '../command-stack.ts'
import { Canvas, type Elements } from './canvas.ts'
import { Follow } from './follow.ts'
import { Layer } from './layer.ts'
import { showWhereabouts } from './whereabouts.ts'

/** Needs the style sheet `atelier-client/presence.css`. */
export class Presence {
  readonly #follow: Follow
  readonly #ends: (() => void)[]

  constructor(bpmnJs: Services, awareness: Pick<Awareness, 'others' | 'show'>, elements: Elements) {
    const canvas = new Canvas(bpmnJs)
    const layer = new Layer(canvas, elements, awareness.others)
    const follow = new Follow(canvas, elements, awareness.others)
    this.#follow = follow
    const color = (client: number | undefined) =>
      awareness.others.value.find((other) => other.client === client)?.user.color
    this.#ends = [
      // Whoever follows has no view of their own: two who follow each other would drift for ever.
      showWhereabouts(canvas, elements, (change) =>
        awareness.show(follow.following.value === undefined ? change : { ...change, viewport: undefined }),
      ),
      follow.following.subscribe((client) => {
        layer.frame(color(client))
        if (client === undefined) awareness.show({ viewport: canvas.viewport })
      }),
      () => follow.stop(),
      () => layer.end(),
    ]
  }

  /** The client that this window follows. */
  get following(): Readable<number | undefined> {
    return this.#follow.following
  }

  /** Keeps the view on what another window sees, until one touches the canvas or that window is gone. */
  follow(client: number): void {
    this.#follow.start(client)
  }

  unfollow(): void {
    this.#follow.stop()
  }

  /** Takes everybody off the canvas, and oneself off the others'. */
  end(): void {
    for (const end of this.#ends) end()
  }
}
