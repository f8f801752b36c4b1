import { isNear } from '@standin/serving/is-near'
import type { TSchema } from 'typebox'
import type { LocatedDocument } from './read-document.ts'

/** The part of JSON Schema that the schemas of `@standin/client` use. */
interface Schema {
  readonly type?: string
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly description?: string
}

type Path = readonly (string | number)[]

/** Adds every fault of the document's value to the document, at its line and in words. */
export const checkSchema = (document: LocatedDocument, schema: TSchema): void => check(document, document.value, schema as Schema, [])

const check = (document: LocatedDocument, value: unknown, schema: Schema, path: Path): void => {
  if (schema.anyOf !== undefined) {
    // The branch is chosen by what is there, so that its own faults are told.
    const branch = schema.anyOf.find(({ type }) => type === kindOf(value))
    if (branch === undefined) document.fault(path, `${inWords(value)} is not ${expected(schema)}`)
    else check(document, value, branch, path)
    return
  }
  if (schema.enum !== undefined) {
    if (!schema.enum.includes(value)) document.fault(path, `${inWords(value)} is not one of ${schema.enum.join(', ')}`)
    return
  }
  const kind = kindOf(value)
  if (kind !== schema.type && !(kind === 'integer' && schema.type === 'number')) {
    document.fault(path, `${inWords(value)} is not ${expected(schema)}`)
    return
  }
  if (kind === 'object') checkObject(document, value as Record<string, unknown>, schema, path)
  else if (kind === 'array') checkArray(document, value as unknown[], schema, path)
  else checkScalar(document, value as string | number | boolean, schema, path)
}

const checkObject = (document: LocatedDocument, value: Record<string, unknown>, schema: Schema, path: Path): void => {
  const { properties = {}, required = [], minProperties = 0 } = schema
  for (const [key, child] of Object.entries(value)) {
    const rule = Object.hasOwn(properties, key) ? properties[key] : undefined
    // Extensions are for others, as in Compose; they are a place for anchors, too.
    if (rule !== undefined) check(document, child, rule, [...path, key])
    else if (!key.startsWith('x-')) document.fault([...path, key], unknownKey(key, Object.keys(properties)), 'key')
  }
  for (const key of required) if (!Object.hasOwn(value, key)) document.fault(path, `"${key}" is missing`)
  if (Object.keys(value).length < minProperties) document.fault(path, `it needs one of ${Object.keys(properties).join(', ')}`)
}

const checkArray = (document: LocatedDocument, value: readonly unknown[], { items, maxItems }: Schema, path: Path): void => {
  if (maxItems !== undefined && value.length > maxItems) document.fault(path, `the list has more than ${maxItems} entries`)
  if (items !== undefined) for (const [index, item] of value.entries()) check(document, item, items, [...path, index])
}

const checkScalar = (document: LocatedDocument, value: string | number | boolean, schema: Schema, path: Path): void => {
  const { minLength = 0, maxLength, minimum, maximum, pattern } = schema
  if (typeof value === 'string') {
    const fits = value.length >= minLength && (maxLength === undefined || value.length <= maxLength)
    if (!fits || (pattern !== undefined && !new RegExp(pattern).test(value)))
      document.fault(path, `${inWords(value)} is not ${expected(schema)}`)
  } else if (typeof value === 'number' && ((minimum !== undefined && value < minimum) || (maximum !== undefined && value > maximum))) {
    document.fault(path, `${value} is not ${expected(schema)}`)
  }
}

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

const inWords = (value: unknown): string => {
  const kind = kindOf(value)
  if (kind === 'null') return 'nothing'
  if (kind === 'array') return 'a list'
  if (kind === 'object') return 'a mapping'
  return typeof value === 'string' ? `"${value.slice(0, 80)}"` : String(value)
}

const kindWords: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  boolean: 'true or false',
  string: 'a text',
  number: 'a number',
}

const expected = ({ type, anyOf, minimum, maximum, description, pattern }: Schema): string => {
  if (anyOf !== undefined) return anyOf.map(expected).join(' or ')
  if (type === 'integer' && minimum !== undefined) return `a whole number from ${minimum}${maximum === undefined ? '' : ` to ${maximum}`}`
  if (type === 'integer') return 'a whole number'
  const what = kindWords[type ?? ''] ?? `a ${type}`
  return pattern === undefined || description === undefined ? what : `${what} of this form: ${description}`
}

const unknownKey = (key: string, known: readonly string[]): string => {
  const [asked, ...names] = [key, ...known].map((name) => name.toLowerCase())
  // Times are in milliseconds here, and without a unit in blueprints.
  const meant = known[names.findIndex((name) => isNear(asked ?? '', name) || isNear(asked ?? '', name.replace(/ms$/, '')))]
  return `there is no "${key}" here${meant === undefined ? `, only ${known.join(', ')}` : `: did you mean "${meant}"?`}`
}
