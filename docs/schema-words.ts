import type { NamedSchema, Schema } from './schema-sources.ts'

/** What a schema is made of, as JSON Schema has it. */
interface Shape {
  readonly $id?: string
  readonly type?: string
  readonly enum?: readonly string[]
  readonly const?: unknown
  readonly anyOf?: readonly Shape[]
  readonly items?: Shape
  readonly properties?: Readonly<Record<string, Shape>>
  readonly patternProperties?: Readonly<Record<string, Shape>>
  readonly additionalProperties?: Shape | boolean
  readonly required?: readonly string[]
  readonly description?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly default?: unknown
}

/** Turns schemas into words and tables, with links to those that have a name. */
export class SchemaWords {
  readonly #names = new Map<string, string>()
  readonly #page: string

  /** @param page where the named schemas are explained; empty for the page itself */
  constructor(schemas: readonly NamedSchema[], page: string) {
    this.#page = page
    for (const { name, schema } of schemas) this.#names.set(JSON.stringify(schema), name)
  }

  /** `integer`, `[Environment](…)[]`, `string | null`. */
  type(schema: Schema | Shape): string {
    const shape = schema as Shape
    const name = this.#names.get(JSON.stringify(shape))
    return name === undefined ? this.#unnamed(shape) : `[${name}](${this.#page}#${name.toLowerCase()})`
  }

  /** A table of an object's properties; those of nested objects without a name are rows, too. */
  properties(schema: Schema, comments: ReadonlyMap<string, string> = new Map()): string {
    const rows = [...this.#rows(schema as Shape, comments, '', '')]
    if (rows.length === 0) return ''
    return `| property | type | |\n|---|---|---|\n${rows.join('\n')}\n`
  }

  *#rows(shape: Shape, comments: ReadonlyMap<string, string>, prefix: string, shown: string): Generator<string> {
    for (const [key, property] of Object.entries(shape.properties ?? {})) {
      const optional = shape.required?.includes(key) ? '' : '?'
      const named = this.#names.has(JSON.stringify(property))
      const said = comments.get(prefix + key) ?? (named ? '' : (property.description ?? ''))
      const notes = [said, named ? '' : limits(property)].filter((note) => note !== '')
      yield `| \`${shown}${key}${optional}\` | ${cell(this.type(property))} | ${cell(notes.join('. '))} |`
      if (named) continue
      const { inner, suffix } = unwrap(property)
      if (inner.properties !== undefined && !this.#names.has(JSON.stringify(inner))) {
        yield* this.#rows(inner, comments, `${prefix}${key}.`, `${shown}${key}${suffix}.`)
      }
    }
  }

  #unnamed(shape: Shape): string {
    if (shape.enum !== undefined) return shape.enum.map((value) => `\`${value}\``).join(' | ')
    if (shape.const !== undefined) return `\`${shape.const}\``
    if (shape.anyOf !== undefined) return shape.anyOf.map((each) => this.type(each)).join(' | ')
    if (shape.type === 'array' && shape.items !== undefined) {
      const inner = this.type(shape.items)
      return inner.includes(' | ') ? `(${inner})[]` : `${inner}[]`
    }
    const values = shape.patternProperties === undefined ? undefined : Object.values(shape.patternProperties)[0]
    if (values !== undefined) return `{ [key]: ${this.type(values)} }`
    return shape.type ?? 'any'
  }
}

/** The object within an array or a nullable, and how a path through it is written. */
function unwrap(shape: Shape): { inner: Shape; suffix: string } {
  if (shape.type === 'array' && shape.items !== undefined) {
    const { inner, suffix } = unwrap(shape.items)
    return { inner, suffix: `[]${suffix}` }
  }
  const [only, ...others] = (shape.anyOf ?? []).filter(({ type }) => type !== 'null')
  return only !== undefined && others.length === 0 ? unwrap(only) : { inner: shape, suffix: '' }
}

function limits(shape: Shape): string {
  const said: string[] = []
  if (shape.minimum !== undefined && shape.maximum !== undefined) said.push(`${shape.minimum} to ${shape.maximum}`)
  else if (shape.minimum !== undefined) said.push(`at least ${shape.minimum}`)
  else if (shape.maximum !== undefined) said.push(`at most ${shape.maximum}`)
  if (shape.maxLength !== undefined) said.push(`at most ${shape.maxLength} characters`)
  if (shape.minItems !== undefined && shape.minItems > 0) said.push(`at least ${shape.minItems}`)
  if (shape.maxItems !== undefined) said.push(`at most ${shape.maxItems}`)
  if (shape.default !== undefined) said.push(`default ${shape.default}`)
  return said.join(', ')
}

/** Within a table. */
function cell(text: string): string {
  return text
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\|/g, '\\|')
    .replace(/\.\./g, '.')
}
