import type { Fault } from '@standin/client'
import { isMap, isScalar, LineCounter, type ParsedNode, parseDocument } from 'yaml'

/** The way to a value: keys and indexes from the top. */
export type Path = readonly (string | number)[]

/** A file of YAML that knows where everything stands. */
export class ConfigDocument {
  readonly file: string
  readonly #document: ReturnType<typeof parseDocument>
  readonly #lines: LineCounter

  constructor(text: string, file: string) {
    this.file = file
    this.#lines = new LineCounter()
    this.#document = parseDocument(text.replace(/^\uFEFF/, ''), { lineCounter: this.#lines, prettyErrors: false, logLevel: 'error' })
  }

  /** Why it is no YAML; empty where it is. */
  get faults(): Fault[] {
    return this.#document.errors.map(({ message, pos }) => ({ path: '', message: `this is no YAML: ${message}`, ...this.#place(pos[0]) }))
  }

  /** As plain values; null for an empty file. @throws for anchors that grow beyond measure */
  get value(): unknown {
    return this.#document.toJS({ maxAliasCount: 100 })
  }

  /** A fault at a value; with `key` at that key of the mapping there. What isn't there is at what would hold it. */
  fault(path: Path, message: string, key?: string): Fault {
    let node = this.#document.contents as ParsedNode | null
    let offset = node?.range?.[0] ?? 0
    for (const step of key === undefined ? path : [...path, key]) {
      const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step)) : undefined
      const next = (pair?.value ?? (pair === undefined && node !== null && 'get' in node ? node.get(step, true) : undefined)) as
        | ParsedNode
        | null
        | undefined
      const at = (key !== undefined && step === key && pair !== undefined ? (pair.key as ParsedNode) : next)?.range?.[0]
      if (at === undefined) break
      offset = at
      node = next ?? null
    }
    return { path: [...path, ...(key === undefined ? [] : [key])].join('.'), message, ...this.#place(offset) }
  }

  #place(offset: number): { file: string; line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset)
    return { file: this.file, line: Math.max(1, line), column: Math.max(1, col) }
  }
}
