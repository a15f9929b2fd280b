// From ids in a text to the nodes they mean (D7).
import { fitsBytes, isNcName, splitOnce, trimSpace } from '../chars.ts'
import { MAX_NAME_BYTES } from '../limits.ts'
import type { Value } from '../model.ts'
import { hasIds } from '../tables.ts'
import { trimEnd } from '../xml/chars.ts'
import type { Source } from './source.ts'

/** A reference taken apart: the node, and what stands before and behind its id. */
export interface Reference {
  readonly target: number
  readonly before: string
  readonly after: string
}

/** The keys of nodes by index; those of layout and of children that became fields are absent. */
export type Keys = readonly (string | undefined)[]

/** The elements of a text by id. */
export class References {
  /** The elements whose id an earlier one has, or which has white space around it. */
  readonly oddIds: readonly number[]
  readonly #byId = new Map<string, number>()
  readonly #targetNamespace: string

  readonly #source: Source

  constructor(source: Source) {
    this.#source = source
    const seen = new Set<string>()
    const odd: number[] = []
    for (const index of source.tree.nodes.keys()) {
      const element = source.element(index)
      if (element === undefined || !hasIds(source.vocabulary(element))) continue
      const written = source.attribute(element, 'id')
      const id = trimSpace(written ?? '')
      if (id === '') continue
      if (seen.has(id) || id !== written) odd.push(index)
      seen.add(id)
      const hidden = source.vocabulary(element) === 'bpmn' && source.inDrawing(index)
      if (!hidden && !this.#byId.has(id) && fitsBytes(id, MAX_NAME_BYTES)) this.#byId.set(id, index)
    }
    this.oddIds = odd
    const root = source.element(source.tree.root)
    this.#targetNamespace = (root && source.attribute(root, 'targetNamespace')) ?? ''
  }

  /** What a reference in a field of the element `from` means. */
  find(from: number, field: string, value: string): Reference | undefined {
    const id = trimSpace(value)
    const start = trimEnd(value).length - id.length
    const after = value.slice(start + id.length)
    const plain = this.#byId.get(id)
    if (plain !== undefined)
      return this.#admitted(from, field, { target: plain, before: value.slice(0, start), after })
    const [prefix, local] = splitOnce(id, ':') ?? []
    const target = local === undefined ? undefined : this.#byId.get(local)
    if (prefix === undefined || target === undefined) return undefined
    if (!isNcName(prefix) || !this.#isOwnPrefix(from, prefix)) return undefined
    return this.#admitted(from, field, { target, before: value.slice(0, start + prefix.length + 1), after })
  }

  /** The value of a reference field; undefined if it does not resolve. */
  resolve(from: number, field: string, value: string, keys: Keys): Value | undefined {
    const found = this.find(from, field, value)
    const key = found && keys[found.target]
    if (found === undefined || key === undefined) return undefined
    if (found.after !== '') return [key, found.before, found.after]
    return found.before === '' ? [key] : [key, found.before]
  }

  /** The model never refers to its drawings, and what is drawn is of the model. */
  #admitted(from: number, field: string, reference: Reference): Reference | undefined {
    const modelOnly = this.#source.vocabularyOf(from) === 'bpmn' || field === 'bpmnElement'
    return modelOnly && this.#source.vocabularyOf(reference.target) !== 'bpmn' ? undefined : reference
  }

  /** Whether a prefix means the document's own target namespace at that element. */
  #isOwnPrefix(from: number, prefix: string): boolean {
    const { bindings } = this.#source.tree
    for (let at: number | undefined = from; at !== undefined; at = this.#source.parent(at)) {
      const declared = this.#source.element(at)?.declarations.map(({ binding }) => bindings[binding])
      const uri = declared?.find((binding) => binding?.prefix === prefix)?.uri
      if (uri !== undefined) return uri !== '' && uri === this.#targetNamespace
    }
    return false
  }
}
