import { parseArgs } from 'node:util'
import { type Fault, StandinError } from '@standin/client/errors'

/** `switch`: takes no value. `list`: may be given again and again, and takes several values with commas between them. */
export type FlagKind = 'value' | 'switch' | 'list'

/** Reads a command line and gathers all that is wrong with it, so that everything is said at once. */
export class CommandLine<Flags extends Readonly<Record<string, FlagKind>>> {
  readonly #values = new Map<string, string[]>()
  readonly #faults: Fault[] = []
  readonly #program: string

  /** @param program `gateway`: whose command line it is, for errors */
  constructor(program: string, args: readonly string[], flags: Flags) {
    this.#program = program
    const { tokens } = parseArgs({
      args: [...args],
      options: Object.fromEntries(Object.entries(flags).map(([name, kind]) => [name, { type: kind === 'switch' ? 'boolean' : 'string' }])),
      strict: false,
      allowPositionals: true,
      tokens: true,
    })
    for (const token of tokens) {
      if (token.kind === 'positional') this.fault(token.value, 'is no flag')
      if (token.kind !== 'option') continue
      const kind = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined
      const name = token.rawName.replace(/^-*/, '')
      if (kind === undefined) this.fault(token.rawName, 'is not known')
      else if (kind === 'switch' && token.value !== undefined) this.fault(token.rawName, 'takes no value')
      else if (kind !== 'switch' && (token.value === undefined || (token.inlineValue === false && token.value.startsWith('--'))))
        this.fault(token.rawName, 'needs a value')
      else if (kind === 'list') this.#values.set(name, [...(this.#values.get(name) ?? []), ...(token.value ?? '').split(',')])
      else this.#values.set(name, [token.value ?? ''])
    }
  }

  has(flag: keyof Flags & string): boolean {
    return this.#values.has(flag)
  }

  text(flag: keyof Flags & string): string | undefined {
    return this.#values.get(flag)?.[0]
  }

  /** @param parse null: it is not valid */
  value<T>(flag: keyof Flags & string, parse: (text: string) => T | null, expected: string): T | undefined {
    const text = this.text(flag)
    return text === undefined ? undefined : this.#parsed(flag, text, parse, expected)
  }

  list<T>(flag: keyof Flags & string, parse: (text: string) => T | null, expected: string): T[] {
    const texts = this.#values.get(flag) ?? []
    return texts.map((text) => this.#parsed(flag, text, parse, expected)).filter((value) => value !== undefined)
  }

  fault(flag: string, message: string): void {
    this.#faults.push({ path: flag, message })
  }

  /** @throws StandinError `invalid`, with all faults */
  check(hint: string): void {
    if (this.#faults.length === 0) return
    const words = this.#faults.map(({ path, message }) => `${path} ${message}`).join('; ')
    throw new StandinError('invalid', `The command line of the ${this.#program} is not valid: ${words}`, { errors: this.#faults, hint })
  }

  #parsed<T>(flag: string, text: string, parse: (text: string) => T | null, expected: string): T | undefined {
    const value = parse(text)
    if (value !== null) return value
    this.fault(`--${flag}`, `${text === '' ? 'is empty: it' : `${text}: it`} takes ${expected}`)
    return undefined
  }
}
