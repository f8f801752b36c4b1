import { ScimError } from '../scim-error.ts'
import { type ComparedValue, type Comparison, comparisons, type Filter, type PatchPath } from './filter.ts'
import { type Token, tokensOf } from './tokens.ts'

/** Characters. */
const longest = 10_000
/** Brackets within brackets. */
const deepest = 20

/** @throws ScimError `invalidFilter`, which says where */
export function parseFilter(text: string): Filter {
  return new FilterParser(text, 'filter').filter()
}

/** @throws ScimError `invalidPath`, which says where */
export function parsePatchPath(text: string): PatchPath {
  return new FilterParser(text, 'path').path()
}

/** By recursive descent, a method for each rule of RFC 7644, section 3.4.2.2, figure 1: `or` binds least, `not` most. */
class FilterParser {
  readonly #what: 'filter' | 'path'
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0
  #within = false

  constructor(text: string, what: 'filter' | 'path') {
    this.#what = what
    if (text.length > longest) throw this.#error(`is longer than ${longest} characters`)
    this.#tokens = tokensOf(text)
  }

  filter(): Filter {
    const filter = this.#or()
    this.#end()
    return filter
  }

  path(): PatchPath {
    const path = this.#take('word', 'the name of an attribute').text
    const filter = this.#is('[') ? this.#valueFilter() : null
    const sub = filter !== null && this.#peek.text.startsWith('.') ? this.#advance().text.slice(1) : null
    this.#end()
    return { path, filter, sub }
  }

  #or(): Filter {
    const parts = [this.#and()]
    while (this.#isWord('or')) parts.push(this.#skip().#and())
    return together('or', parts)
  }

  #and(): Filter {
    const parts = [this.#term()]
    while (this.#isWord('and')) parts.push(this.#skip().#term())
    return together('and', parts)
  }

  #term(): Filter {
    if (this.#isWord('not')) {
      this.#skip()
      if (!this.#is('(')) throw this.#unexpected("'(' behind not")
      return { kind: 'not', part: this.#bracketed('(', ')') }
    }
    return this.#is('(') ? this.#bracketed('(', ')') : this.#expression()
  }

  #expression(): Filter {
    const path = this.#take('word', 'the name of an attribute').text
    if (!this.#is('[')) return this.#condition(path)
    const filter = this.#valueFilter()
    if (!this.#peek.text.startsWith('.')) return { kind: 'values', path, filter }
    // Entra's `emails[type eq "work"].value eq "ada@example.com"`, which the RFC has in paths alone: one value meets both.
    const condition = this.#condition(this.#advance().text.slice(1))
    return { kind: 'values', path, filter: together('and', [filter, condition]) }
  }

  #condition(path: string): Filter {
    const token = this.#advance()
    const op = token.text.toLowerCase()
    if (token.kind === 'word' && op === 'pr') return { kind: 'present', path }
    if (token.kind !== 'word' || !comparisons.includes(op as Comparison)) {
      throw this.#unexpected(`pr, ${comparisons.join(', ')}`, token)
    }
    return { kind: 'compare', path, op: op as Comparison, value: this.#value() }
  }

  #value(): ComparedValue {
    const token = this.#advance()
    const word = token.text.toLowerCase()
    if (token.kind === 'word' && (word === 'true' || word === 'false')) return word === 'true'
    if (token.kind === 'word' && word === 'null') return null
    if (token.kind !== 'text' && token.kind !== 'number') throw this.#unexpected('a value, texts in double quotes', token)
    try {
      return JSON.parse(token.text) as string | number
    } catch {
      throw this.#error(`has a value at ${token.at + 1} that is no JSON`)
    }
  }

  #valueFilter(): Filter {
    if (this.#within) throw this.#error(`has brackets within the brackets at ${this.#peek.at + 1}`)
    this.#within = true
    const filter = this.#bracketed('[', ']')
    this.#within = false
    return filter
  }

  #bracketed(open: string, close: string): Filter {
    const { at } = this.#peek
    if (++this.#depth > deepest) throw this.#error(`has more than ${deepest} brackets within each other`)
    this.#skip()
    const filter = this.#or()
    if (!this.#is(close)) {
      if (this.#peek.kind === 'end') throw this.#error(`has a '${open}' at ${at + 1} that is never closed`)
      throw this.#unexpected(`and, or, or '${close}'`)
    }
    this.#depth--
    this.#skip()
    return filter
  }

  #end(): void {
    const { kind, text, at } = this.#peek
    if (kind === 'end') return
    if (text === ')' || text === ']') throw this.#error(`has a '${text}' at ${at + 1} that nothing opens`)
    throw this.#unexpected(this.#what === 'filter' ? 'and, or, or the end' : 'the end')
  }

  get #peek(): Token {
    return this.#tokens[this.#next] as Token
  }

  #advance(): Token {
    const token = this.#peek
    if (token.kind !== 'end' && token.kind !== 'unknown') this.#next++
    return token
  }

  #skip(): this {
    this.#advance()
    return this
  }

  #take(kind: Token['kind'], what: string): Token {
    const token = this.#peek
    if (token.kind !== kind || token.text.startsWith('.')) throw this.#unexpected(what)
    return this.#advance()
  }

  #is(mark: string): boolean {
    return this.#peek.kind === 'mark' && this.#peek.text === mark
  }

  #isWord(word: string): boolean {
    return this.#peek.kind === 'word' && this.#peek.text.toLowerCase() === word
  }

  #unexpected(wanted: string, { kind, text, at }: Token = this.#peek): ScimError {
    const found = kind === 'end' ? 'ends' : `has ${JSON.stringify(text.slice(0, 40))} at ${at + 1}`
    return this.#error(`${found} where it should have ${wanted}`)
  }

  #error(text: string): ScimError {
    return new ScimError(400, `the ${this.#what} ${text}`, this.#what === 'filter' ? 'invalidFilter' : 'invalidPath')
  }
}

function together(kind: 'and' | 'or', parts: readonly Filter[]): Filter {
  return parts.length === 1 ? (parts[0] as Filter) : { kind, parts }
}
