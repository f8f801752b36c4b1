import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as client from '@standin/client'

export type Schema = NonNullable<client.ApiEndpoint['body']>

/** A named schema as its source file has it. */
export interface NamedSchema {
  readonly name: string
  readonly schema: Schema
  /** The comment above it, in Markdown. */
  readonly comment: string
  /** The comments above its properties, by dotted path. */
  readonly fields: ReadonlyMap<string, string>
}

export interface SchemaFile {
  /** `environments` of `environments.ts`. */
  readonly topic: string
  readonly schemas: readonly NamedSchema[]
}

const folder = join(import.meta.dirname, '../packages/client/src/schemas')
const exported = client as unknown as Readonly<Record<string, unknown>>

/** The schemas with the comments that stand above them and their properties: what an engineer reads there, a user reads here. */
export function readSchemaFiles(): SchemaFile[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ topic: file.slice(0, -3), schemas: readSchemas(readFileSync(join(folder, file), 'utf8')) }))
}

/** Relies on the formatter: a property stands deeper than what it belongs to. */
function readSchemas(source: string): NamedSchema[] {
  const schemas: NamedSchema[] = []
  let fields = new Map<string, string>()
  let path: { key: string; indent: number }[] = []
  let comment = ''
  for (const line of joinComments(source)) {
    const text = line.trim()
    if (text.startsWith('/**')) {
      comment = text.slice(3, -2).trim()
      continue
    }
    const name = /^export const (\w+) =/.exec(line)?.[1]
    if (name !== undefined) {
      fields = new Map()
      path = []
      const schema = exported[name]
      if (isSchema(schema)) schemas.push({ name, schema, comment, fields })
    }
    const key = /^\s+(\w+): /.exec(line)?.[1]
    if (key !== undefined) {
      const indent = line.length - line.trimStart().length
      path = [...path.filter((outer) => outer.indent < indent), { key, indent }]
      if (comment !== '') fields.set(path.map((step) => step.key).join('.'), comment)
    }
    comment = ''
  }
  return schemas
}

/** Each block comment on one line, its lines kept apart by line feeds where they are a table's. */
function joinComments(source: string): string[] {
  return source
    .replace(/\/\*\*[\s\S]*?\*\//g, (block) => `\u0000${block.replace(/\n\s*\* ?/g, '\n').replace(/\n\s*\*\/$/, ' */')}\u0000`)
    .split('\u0000')
    .flatMap((part) => (part.startsWith('/**') ? [part] : part.split('\n')))
    .filter((line) => line.trim() !== '')
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && ('type' in value || 'anyOf' in value || 'enum' in value || '~kind' in value)
}
