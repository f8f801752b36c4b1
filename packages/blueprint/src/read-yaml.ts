import { type Alias, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, Scalar, type YAMLError } from 'yaml'
import type { Faults } from './faults.ts'
import { interpolate, type Lookup } from './interpolate.ts'
import type { Located, LocatedEntry, LocatedMap, MergeTag, Position, ScalarValue } from './located.ts'

/** Anchors can make a small file huge; a blueprint with more values than this is not meant. */
const mostNodes = 50_000
const deepest = 64

/**
 * Read one YAML file (1.2, with merge keys), fill its variables in and keep where everything stands. Keys are not
 * interpolated, as the Compose specification says.
 *
 * @returns the file's mapping; undefined where the file is no YAML or no mapping, which is then among the faults.
 */
export function readYaml(text: string, file: string, lookup: Lookup, faults: Faults): LocatedMap | undefined {
  const lines = new LineCounter()
  let document: ReturnType<typeof parseDocument>
  try {
    document = parseDocument(text.replace(/^\uFEFF/, ''), { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  } catch (error) {
    faults.error({ file, line: 1, column: 1 }, '', `this is no YAML: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  for (const error of document.errors) faults.error(at(error.pos[0]), '', yamlMessage(error))
  if (document.errors.some((error) => error.code !== 'DUPLICATE_KEY')) return undefined
  for (const warning of document.warnings) {
    if (!/!(reset|override)\b/.test(warning.message)) faults.warn(at(warning.pos[0]), '', warning.message)
  }
  if (document.contents === null) {
    faults.error({ file, line: 1, column: 1 }, '', 'the file is empty; a blueprint has at least "services"')
    return undefined
  }
  const locator = new Locator(document, at, lookup, faults)
  const root = locator.locate(document.contents, '', at(0), 0)
  if (locator.gaveUp) return undefined
  if (root?.kind === 'map') return root
  if (root !== undefined) faults.error(root.at, '', 'a blueprint is a mapping with "services" and "x-standin"')
  return undefined
}

class Locator {
  readonly #document: ReturnType<typeof parseDocument>
  readonly #at: (offset: number) => Position
  readonly #lookup: Lookup
  readonly #faults: Faults
  /** Looking an anchor up walks the whole document. */
  readonly #targets = new Map<Alias, Node | undefined>()
  #count = 0
  #gaveUp = false

  constructor(document: ReturnType<typeof parseDocument>, at: (offset: number) => Position, lookup: Lookup, faults: Faults) {
    this.#document = document
    this.#at = at
    this.#lookup = lookup
    this.#faults = faults
  }

  get gaveUp(): boolean {
    return this.#gaveUp
  }

  locate(node: Node | null | undefined, path: string, near: Position, depth: number): Located | undefined {
    const at = node?.range ? this.#at(node.range[0]) : near
    this.#count++
    if (this.#gaveUp) return undefined
    if (this.#count > mostNodes || depth > deepest) {
      this.#gaveUp = true
      this.#faults.error(
        at,
        path,
        `there are too many values here (more than ${mostNodes}, or nested deeper than ${deepest}); do anchors refer to each other?`,
      )
      return undefined
    }
    if (isAlias(node)) {
      const target = this.#target(node)
      if (target === undefined) {
        this.#faults.error(at, path, `there is no anchor "${node.source}" above`)
        return undefined
      }
      return this.locate(target, path, at, depth + 1)
    }
    const tag = mergeTag(node)
    if (isMap(node)) return { kind: 'map', entries: this.#entries(node.items, path, at, depth), at, ...tag }
    if (isSeq(node)) {
      const items = node.items.flatMap((item, index) => this.locate(item as Node | null, join(path, String(index)), at, depth + 1) ?? [])
      return { kind: 'list', items, at, ...tag }
    }
    if (isScalar(node)) return { kind: 'scalar', ...this.#scalar(node, path, at), at, ...tag }
    return { kind: 'scalar', value: null, text: '', at }
  }

  #target(alias: Alias): Node | undefined {
    if (!this.#targets.has(alias)) this.#targets.set(alias, alias.resolve(this.#document))
    return this.#targets.get(alias)
  }

  #entries(pairs: readonly Pair[], path: string, at: Position, depth: number): Map<string, LocatedEntry> {
    const entries = new Map<string, LocatedEntry>()
    const merged: Located[] = []
    for (const pair of pairs) {
      const keyNode = pair.key as Node | null
      const keyAt = keyNode?.range ? this.#at(keyNode.range[0]) : at
      const key = isAlias(keyNode) ? this.#target(keyNode) : keyNode
      if (!isScalar(key)) {
        this.#faults.error(keyAt, path, 'a key is a plain string')
        continue
      }
      const name = typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
      const value = this.locate(pair.value as Node | null, name === '<<' ? path : join(path, name), keyAt, depth + 1)
      if (value === undefined) continue
      if (name === '<<' && key.type === Scalar.PLAIN) merged.push(...(value.kind === 'list' ? value.items : [value]))
      else if (!entries.has(name)) entries.set(name, { keyAt, value })
    }
    // What is said here wins over what is merged in, and of the merged the first (YAML merge key, draft 2005-01-18).
    for (const source of merged) {
      if (source.kind !== 'map') {
        this.#faults.error(source.at, path, '"<<" takes a mapping, or a list of mappings')
        continue
      }
      for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry)
    }
    return entries
  }

  #scalar(node: Scalar, path: string, at: Position): { value: ScalarValue; text: string } {
    const value = node.value
    if (typeof value !== 'string') return literal(value, node.source)
    const { text, errors, unset } = interpolate(value, this.#lookup)
    for (const message of errors) this.#faults.error(at, path, message)
    for (const name of new Set(unset)) {
      this.#faults.warn(at, path, `the variable ${name} is not set, so it is empty here; write $$${name} for a dollar sign`)
    }
    const plain = node.type === Scalar.PLAIN && text !== value
    return { value: plain ? retype(text) : text, text }
  }
}

function literal(value: unknown, source: string | undefined): { value: ScalarValue; text: string } {
  if (value === null || value === undefined) return { value: null, text: '' }
  if (typeof value === 'number') return { value, text: source !== undefined && /^[-+]?\d+$/.test(source) ? source : String(value) }
  if (typeof value === 'boolean') return { value, text: String(value) }
  return { value: String(value), text: String(value) }
}

/** A plain scalar gets its type only once its variables are filled in: `replicas: ${N:-2}` is a number. */
function retype(text: string): ScalarValue {
  if (/^(true|True|TRUE)$/.test(text)) return true
  if (/^(false|False|FALSE)$/.test(text)) return false
  if (/^[-+]?\d+(\.\d+)?$/.test(text)) return Number(text)
  return text
}

function mergeTag(node: Node | null | undefined): { tag?: MergeTag } {
  const tag = isMap(node) || isSeq(node) || isScalar(node) ? node.tag : undefined
  return tag === '!reset' ? { tag: 'reset' } : tag === '!override' ? { tag: 'override' } : {}
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

function yamlMessage(error: YAMLError): string {
  if (error.code === 'DUPLICATE_KEY') return 'this key is here twice'
  if (error.code === 'MULTIPLE_DOCS') return 'there is more than one YAML document in this file; a blueprint is one'
  return `this is no YAML: ${error.message}`
}
