export interface Interpolation {
  readonly text: string
  /** What is wrong with it, each a sentence. */
  readonly errors: readonly string[]
  /** Names that have no value and no default: they became empty. */
  readonly unset: readonly string[]
}

/** A variable's value, or undefined where it is not set. */
export type Lookup = (name: string) => string | undefined

const nameStart = /[A-Za-z_]/
const namePart = /[A-Za-z0-9_]/
/** Nesting deeper than this is a mistake or an attack. */
const deepest = 32

/**
 * Fill variables in, as the Compose specification's interpolation does: `$V`, `${V}`, `${V:-default}`, `${V-default}`,
 * `${V:?message}`, `${V?message}`, `${V:+value}`, `${V+value}`, nested in each other, and `$$` for a dollar sign. What looks
 * like no variable (`$(`, `$1`) stays as it is. Only the branch that is taken is looked at.
 *
 * `STANDIN_…` variables differ from instance to instance, so they stay, as `${STANDIN_…}`, for the provider to fill in.
 */
export function interpolate(text: string, lookup: Lookup): Interpolation {
  if (!text.includes('$')) return { text, errors: [], unset: [] }
  const scanner = new Scanner(text, lookup)
  const result = scanner.run()
  return { text: result, errors: scanner.errors, unset: scanner.unset }
}

class Scanner {
  readonly errors: string[] = []
  readonly unset: string[] = []
  readonly #text: string
  readonly #lookup: Lookup
  readonly #depth: number

  constructor(text: string, lookup: Lookup, depth = 0) {
    this.#text = text
    this.#lookup = lookup
    this.#depth = depth
  }

  run(): string {
    if (this.#depth > deepest) {
      this.errors.push(`variables are nested deeper than ${deepest}`)
      return ''
    }
    let result = ''
    let index = 0
    while (index < this.#text.length) {
      const dollar = this.#text.indexOf('$', index)
      if (dollar === -1) return result + this.#text.slice(index)
      result += this.#text.slice(index, dollar)
      const next = this.#text[dollar + 1] ?? ''
      if (next === '$') {
        result += '$'
        index = dollar + 2
      } else if (next === '{') {
        const end = closingBrace(this.#text, dollar + 2)
        if (end === -1) {
          this.errors.push(`"${excerpt(this.#text.slice(dollar))}" has no closing brace; write $$ for a dollar sign`)
          return result + this.#text.slice(dollar)
        }
        result += this.#braced(this.#text.slice(dollar + 2, end))
        index = end + 1
      } else if (nameStart.test(next)) {
        let end = dollar + 2
        while (namePart.test(this.#text[end] ?? '')) end++
        result += this.#plain(this.#text.slice(dollar + 1, end))
        index = end
      } else {
        result += '$'
        index = dollar + 1
      }
    }
    return result
  }

  #plain(name: string): string {
    if (isInstanceVariable(name)) return `\${${name}}`
    const value = this.#lookup(name)
    if (value === undefined) this.unset.push(name)
    return value ?? ''
  }

  #braced(body: string): string {
    const match = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([\s\S]*))?$/.exec(body)
    const name = match?.[1]
    if (match === null || name === undefined) {
      this.errors.push(`"\${${excerpt(body)}}" is no variable; write $$ for a dollar sign`)
      return `\${${body}}`
    }
    const operator = match[2]
    const operand = match[3] ?? ''
    if (operator === undefined) return this.#plain(name)
    if (isInstanceVariable(name)) {
      this.errors.push(`"\${${excerpt(body)}}": ${name} is filled in for each instance later, so it takes no "${operator}"`)
      return ''
    }
    const value = this.#lookup(name)
    const there = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined
    switch (operator.at(-1)) {
      case '-':
        return there ? (value ?? '') : this.#nested(operand)
      case '+':
        return there ? this.#nested(operand) : ''
      default: {
        if (there) return value ?? ''
        const message = this.#nested(operand)
        this.errors.push(
          `the variable ${name} is needed but ${value === undefined ? 'not set' : 'empty'}${message === '' ? '' : `: ${message}`}`,
        )
        return ''
      }
    }
  }

  #nested(text: string): string {
    const scanner = new Scanner(text, this.#lookup, this.#depth + 1)
    const result = scanner.run()
    this.errors.push(...scanner.errors)
    this.unset.push(...scanner.unset)
    return result
  }
}

/** Index of the brace that closes what was opened before `from`; -1 where it is missing. */
function closingBrace(text: string, from: number): number {
  let open = 1
  for (let index = from; index < text.length; index++) {
    // Plain braces count too, so that a default may be JSON.
    if (text[index] === '{') {
      open++
    } else if (text[index] === '}') {
      open--
      if (open === 0) return index
    }
  }
  return -1
}

export function isInstanceVariable(name: string): boolean {
  return name.startsWith('STANDIN_')
}

function excerpt(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
