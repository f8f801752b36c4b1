import { type Attribute, foldText, type ResourceSchema, type ScimObject, type ScimValue } from '../schema/attribute.ts'
import { type AttributePath, resolveBelow, resolvePath } from '../schema/resolve-path.ts'
import { ScimError } from '../scim-error.ts'
import type { ComparedValue, Comparison, Filter } from './filter.ts'

export type Matches = (value: ScimObject) => boolean

/** What a name stands for. Null: RFC 7643 has it, here nobody does. @throws ScimError for what is unknown */
type Resolve = (path: string) => AttributePath | null

/** @throws ScimError `invalidFilter` for attributes that do not exist, and comparisons that they can't have */
export function compileFilter(filter: Filter, schema: ResourceSchema): Matches {
  return compile(filter, (path) => {
    const found = resolvePath(schema, path)
    if (found === null) throw invalid(`there is no attribute ${path.slice(0, 80)}`)
    return found === 'passed-over' ? null : found
  })
}

/** What stands in brackets behind an attribute. @throws as `compileFilter` */
export function compileValueFilter(filter: Filter, attribute: Attribute): Matches {
  return compile(filter, (path) => {
    const found = resolveBelow(attribute, path)
    if (found === null) throw invalid(`${attribute.name} has no ${path.slice(0, 80)}`)
    return found
  })
}

function compile(filter: Filter, resolve: Resolve): Matches {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const parts = filter.parts.map((part) => compile(part, resolve))
      return filter.kind === 'and' ? (value) => parts.every((part) => part(value)) : (value) => parts.some((part) => part(value))
    }
    case 'not': {
      const part = compile(filter.part, resolve)
      return (value) => !part(value)
    }
    case 'present': {
      const path = resolve(filter.path)
      return path === null ? never : (value) => valuesAt(value, path).length > 0
    }
    case 'compare': {
      const path = resolve(filter.path)
      return path === null ? compareNothing(filter.op, filter.value) : compare(path, filter.op, filter.value)
    }
    case 'values': {
      const path = resolve(filter.path)
      if (path === null) return never
      const last = path.at(-1) as Attribute
      if (last.type !== 'complex') throw invalid(`${last.name} has no parts that a filter in brackets could be about`)
      const matches = compileValueFilter(filter.filter, last)
      return (value) => valuesAt(value, path).some((each) => matches(each as ScimObject))
    }
  }
}

const never: Matches = () => false

/** Nothing equals null, and differs from everything else. */
function compareNothing(op: Comparison, value: ComparedValue): Matches {
  const matches = op === 'eq' ? value === null : op === 'ne' && value !== null
  return () => matches
}

function compare(path: AttributePath, op: Comparison, value: ComparedValue): Matches {
  const compared = toSimple(path)
  const attribute = compared.at(-1) as Attribute
  if (value === null) {
    if (op !== 'eq' && op !== 'ne') throw invalid(`null can be compared by eq and ne alone`)
    return (each) => (valuesAt(each, compared).length === 0) === (op === 'eq')
  }
  const test = tester(attribute, op, value)
  if (op !== 'ne') return (each) => valuesAt(each, compared).some(test)
  return (each) => {
    const values = valuesAt(each, compared)
    return values.length === 0 || values.some(test)
  }
}

/** A complex attribute is compared by its `value` (RFC 7643, section 2.4). */
function toSimple(path: AttributePath): AttributePath {
  const last = path.at(-1) as Attribute
  if (last.type !== 'complex') return path
  const below = resolveBelow(last, 'value')
  if (below === null) throw invalid(`${last.name} has parts: say which one is compared`)
  return [...path, ...below]
}

function tester(attribute: Attribute, op: Comparison, value: Exclude<ComparedValue, null>): (value: ScimValue) => boolean {
  const { name, type, caseExact } = attribute
  if (type === 'boolean') {
    // Entra writes "True".
    const wanted = typeof value === 'string' ? ({ true: true, false: false } as const)[value.toLowerCase()] : value
    if (typeof wanted !== 'boolean') throw invalid(`${name} is true or false`)
    if (op !== 'eq' && op !== 'ne') throw invalid(`${name} is true or false, and can not be compared by ${op}`)
    return (each) => (each === wanted) === (op === 'eq')
  }
  if (typeof value !== 'string') throw invalid(`${name} is compared with a text, in double quotes`)
  if (type === 'dateTime' && op !== 'co' && op !== 'sw' && op !== 'ew') {
    const wanted = Date.parse(value)
    if (Number.isNaN(wanted)) throw invalid(`${name} is compared with an instant, "2026-03-02T09:00:00Z"`)
    return (each) => ordered(Date.parse(String(each)), wanted, op)
  }
  const key = (text: string) => (caseExact ? text.normalize('NFC') : foldText(text))
  const wanted = key(value)
  if (op === 'co') return (each) => key(String(each)).includes(wanted)
  if (op === 'sw') return (each) => key(String(each)).startsWith(wanted)
  if (op === 'ew') return (each) => key(String(each)).endsWith(wanted)
  return (each) => ordered(key(String(each)), wanted, op)
}

function ordered<T extends string | number>(a: T, b: T, op: Comparison): boolean {
  if (op === 'eq') return a === b
  if (op === 'ne') return a !== b
  if (op === 'gt') return a > b
  if (op === 'ge') return a >= b
  return op === 'lt' ? a < b : a <= b
}

/** All values at a path, those of multi-valued attributes one by one; what is empty is none. */
export function valuesAt(value: ScimValue, path: AttributePath): ScimValue[] {
  const found: ScimValue[] = []
  collect(value, path, 0, found)
  return found
}

function collect(value: ScimValue | undefined, path: AttributePath, depth: number, into: ScimValue[]): void {
  if (value === undefined || value === '') return
  if (Array.isArray(value)) {
    for (const each of value as readonly ScimObject[]) collect(each, path, depth, into)
    return
  }
  const attribute = path[depth]
  if (attribute === undefined) into.push(value)
  else if (typeof value === 'object') collect((value as ScimObject)[attribute.name], path, depth + 1, into)
}

function invalid(detail: string): ScimError {
  return new ScimError(400, `the filter is not valid: ${detail}`, 'invalidFilter')
}
