/** Where something stands: the file relative to the blueprint's folder, line and column counted from 1. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

export type ScalarValue = string | number | boolean | null

export interface LocatedScalar {
  readonly kind: 'scalar'
  readonly value: ScalarValue
  /** As a string: what a place that takes only strings gets. Null's is empty. */
  readonly text: string
  readonly at: Position
  readonly tag?: MergeTag
}

interface LocatedList {
  readonly kind: 'list'
  readonly items: readonly Located[]
  readonly at: Position
  readonly tag?: MergeTag
}

export interface LocatedEntry {
  readonly keyAt: Position
  readonly value: Located
}

export interface LocatedMap {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, LocatedEntry>
  readonly at: Position
  readonly tag?: MergeTag
}

/** `!reset` and `!override` of the Compose specification's merge rules. */
export type MergeTag = 'reset' | 'override'

/**
 * YAML that knows where it came from. A tree of these survives `extends` and merge keys, so a fault in an inherited
 * value points into the file that says it.
 */
export type Located = LocatedScalar | LocatedList | LocatedMap

export function scalar(text: string, at: Position): LocatedScalar {
  return { kind: 'scalar', value: text, text, at }
}

/** The value under a key; undefined where it is missing or null. */
export function child(map: LocatedMap, key: string): Located | undefined {
  const value = map.entries.get(key)?.value
  return value === undefined || isNull(value) ? undefined : value
}

export function isNull(node: Located): boolean {
  return node.kind === 'scalar' && node.value === null
}

/** What is there, in words for a message. */
export function describeKind(node: Located): string {
  if (node.kind === 'map') return 'a mapping'
  if (node.kind === 'list') return 'a list'
  if (node.value === null) return 'nothing'
  return typeof node.value === 'string' ? 'a string' : `the ${typeof node.value} ${node.text}`
}

/** The node at a JSON pointer (RFC 6901); the nearest one above it that exists. */
export function nodeAt(root: Located, pointer: string): Located {
  let node = root
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const next = node.kind === 'map' ? node.entries.get(key)?.value : node.kind === 'list' ? node.items[Number(key)] : undefined
    if (next === undefined) return node
    node = next
  }
  return node
}
