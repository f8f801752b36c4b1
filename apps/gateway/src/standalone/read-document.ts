import { type Fault, StandinError } from '@standin/client/errors'
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type Scalar } from 'yaml'

/** A file that is larger is not meant, bytes. */
const mostBytes = 32 * 1024 * 1024
/** More than these help nobody. */
const mostFaults = 100

/** A file of YAML or JSON that knows where its values stand, and gathers what is wrong with it. */
export class LocatedDocument {
  /** Undefined where the file could not be parsed. */
  readonly value: unknown
  readonly #file: string
  readonly #lines = new LineCounter()
  readonly #document: ReturnType<typeof parseDocument>
  readonly #faults: Fault[] = []
  /** Paths of all faults, and of all that is around them. */
  readonly #unsound = new Set<string>()

  /** @param file as it is named in faults */
  constructor(text: string, file: string) {
    this.#file = file
    const isTooLarge = text.length > mostBytes
    const source = isTooLarge ? '' : text.replace(/^\uFEFF/, '')
    this.#document = parseDocument(source, { lineCounter: this.#lines, prettyErrors: false, logLevel: 'error', merge: true })
    if (isTooLarge) this.#add(0, '', 'the file is larger than 32 MiB')
    for (const error of this.#document.errors) this.#add(error.pos[0], '', wordsOf(error))
    if (this.#document.errors.length === 0) this.value = this.#plain()
  }

  get hasFaults(): boolean {
    return this.#faults.length > 0
  }

  /** Whether nothing is wrong with what is at this path, as far as it was looked at. */
  isSound(path: readonly (string | number)[]): boolean {
    return !this.#unsound.has(path.join('.'))
  }

  /** @param path keys and indices from the root; where there is nothing, the nearest thing around it is meant */
  fault(path: readonly (string | number)[], message: string, at: 'value' | 'key' = 'value'): void {
    this.#add(this.#offset(path, at), path.join('.'), message)
  }

  /** @throws StandinError `invalid`, with every fault and its line */
  throwIfAny(): void {
    if (!this.hasFaults) return
    const errors = this.#faults.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
    const [first] = errors
    const where = `${this.#file}:${first?.line}:${first?.column} ${first?.message}`
    const count = errors.length === 1 ? '' : `, and ${errors.length - 1} more`
    throw new StandinError('invalid', `${this.#file} is no valid routes file: ${where}${count}`, { errors: errors.slice(0, mostFaults) })
  }

  #plain(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: 1_000 }) as unknown
    } catch (error) {
      this.#add(0, '', `this is no YAML: ${(error as Error).message}`)
      return undefined
    }
  }

  #offset(path: readonly (string | number)[], at: 'value' | 'key'): number {
    let node: Node | null | undefined = this.#document.contents
    let offset = node?.range?.[0] ?? 0
    for (const [index, step] of path.entries()) {
      if (isAlias(node)) node = node.resolve(this.#document)
      if (isSeq(node)) {
        node = node.items[Number(step)] as Node | undefined
      } else if (isMap(node)) {
        const pair: Pair | undefined = node.items.find(({ key }) => isScalar(key) && String((key as Scalar).value) === String(step))
        const key = pair?.key as Scalar | undefined
        if (at === 'key' && index === path.length - 1) return key?.range?.[0] ?? offset
        offset = key?.range?.[0] ?? offset
        node = pair?.value as Node | null | undefined
      } else {
        return offset
      }
      offset = node?.range?.[0] ?? offset
    }
    return offset
  }

  #add(offset: number, path: string, message: string): void {
    const { line, col } = this.#lines.linePos(offset)
    for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) this.#unsound.add(at)
    this.#faults.push({ path, message, file: this.#file, line: Math.max(1, line), column: Math.max(1, col) })
  }
}

const wordsOf = ({ code, message }: { code: string; message: string }): string => {
  if (code === 'DUPLICATE_KEY') return 'this key is here twice'
  if (code === 'MULTIPLE_DOCS') return 'there is more than one YAML document in this file'
  return `this is no YAML: ${message}`
}
