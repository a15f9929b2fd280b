// How a node of the document stands in the model tree of bpmn-js: which property of its parent's element holds it,
// and as what. The same choices as moddle's XML reader makes. Only answers.
import type { Records } from '../document/model.ts'
import { WELL_KNOWN, XSI_URI } from '../document/tables.ts'
import type { ShownNode } from '../document/view.ts'
import { type Descriptor, isLeaf, type Moddle, type ModdleObject, type Property } from './moddle.ts'
import { TYPED, treeName } from './names.ts'

/** How a node stands in the tree. */
export interface Role {
  /** The parent's property; undefined for the root and below elements that no package describes. */
  readonly property: Property | undefined
  /** Whether it is a value of that property, not an element. */
  readonly leaf: boolean
  readonly type: string
  /** A new, empty element. */
  make(): ModdleObject
}

const ROOT = 'bpmn:Definitions'

/** The role of an element; undefined where the tree has no place for it. */
export function roleOf(
  node: ShownNode,
  parent: ModdleObject | undefined,
  moddle: Moddle,
  ns: Records['ns'],
): Role | undefined {
  if (node.name === undefined) return undefined
  const name = treeName(node.name, moddle, ns)
  if (parent === undefined)
    return node.parent === '#' ? typed(moddle, undefined, typeName(node, moddle)) : undefined
  const generic = (property?: Property): Role => ({
    property,
    leaf: false,
    type: name,
    make: () => moddle.createAny(name, node.name?.uri ?? ''),
  })
  if (parent.$descriptor.isGeneric) return generic()
  const descriptor = parent.$descriptor
  const named = descriptor.propertiesByName[name]
  if (named !== undefined && !named.isAttr && !named.isBody) {
    if (isLeaf(named)) return { property: named, leaf: true, type: '', make: () => moddle.create(named.type) }
    return typed(moddle, named, explicitType(node, named, moddle, ns) ?? named.type)
  }
  if (moddle.getPackage(node.name.uri) !== undefined) {
    const type = typeName(node, moddle)
    const holder = type === undefined ? undefined : holderOf(descriptor, type, moddle)
    return holder && typed(moddle, holder, type)
  }
  const open = descriptor.properties.find(
    (property) => !property.isReference && !property.isAttr && property.type === 'Element',
  )
  return open && generic(open)
}

function typed(moddle: Moddle, property: Property | undefined, type: string | undefined): Role | undefined {
  if (type === undefined || (property === undefined && type !== ROOT) || !isKnown(moddle, type))
    return undefined
  return { property, leaf: false, type, make: () => moddle.create(type) }
}

/** The property that holds elements of a type under their own name. */
function holderOf(descriptor: Descriptor, type: string, moddle: Moddle): Property | undefined {
  if (!isKnown(moddle, type)) return undefined
  const element = moddle.getType(type)
  return descriptor.properties.find(
    (property) =>
      !property.isVirtual && !property.isReference && !property.isAttr && element.hasType(property.type),
  )
}

/** `bpmn:userTask` → `bpmn:UserTask`. */
function typeName(node: ShownNode, moddle: Moddle): string | undefined {
  const home = node.name && moddle.getPackage(node.name.uri)
  if (home === undefined || node.name === undefined) return undefined
  const { local } = node.name
  const capital = home.xml?.tagAlias === 'lowerCase' ? local.charAt(0).toUpperCase() + local.slice(1) : local
  return `${home.prefix}:${capital}`
}

/** The type that `xsi:type` names, on properties that carry one. */
function explicitType(
  node: ShownNode,
  property: Property,
  moddle: Moddle,
  ns: Records['ns'],
): string | undefined {
  if (property.xml?.serialize !== TYPED) return undefined
  for (const { name, value } of node.attributes.values()) {
    if (name.uri !== XSI_URI || name.local !== 'type') continue
    const colon = value.indexOf(':')
    const home = moddle.getPackage(uriOf(value.slice(0, Math.max(0, colon)), ns) ?? '')
    if (home === undefined) return undefined
    const { typePrefix } = home.xml ?? {}
    const local = value.slice(colon + 1)
    const bare =
      typePrefix !== undefined && local.startsWith(typePrefix) ? local.slice(typePrefix.length) : local
    const type = `${home.prefix}:${bare}`
    return isKnown(moddle, type) ? type : undefined
  }
  return undefined
}

function uriOf(prefix: string, ns: Records['ns']): string | undefined {
  for (const [alias, namespace] of ns) if ((namespace.prefix ?? alias) === prefix) return namespace.uri
  return WELL_KNOWN.get(prefix)
}

function isKnown(moddle: Moddle, type: string): boolean {
  try {
    return moddle.getType(type) !== undefined
  } catch {
    // moddle has no question for it but the attempt.
    return false
  }
}
