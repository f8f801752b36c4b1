import { didYouMean } from '@standin/blueprint'
import { parseCron, parseDuration, timeZoneFault } from '@standin/core'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import Format from 'typebox/format'
import { Settings } from 'typebox/system'
import type { Path } from './config-document.ts'
import { meantErrors } from './meant-errors.ts'

export interface ValueFault {
  readonly path: Path
  /** The fault is this key of the mapping at `path`. */
  readonly key?: string
  readonly message: string
}

/** What is wrong with a string of this format; null: nothing. */
const formats: Readonly<Record<string, (text: string) => string | null>> = {
  cron: (text) => complaint(() => parseCron(text)),
  'time-zone': timeZoneFault,
  duration: (text) => complaint(() => parseDuration(text)),
}
for (const [name, fault] of Object.entries(formats)) Format.Set(name, (text) => fault(text) === null)

/** More than these help nobody. */
const mostFaults = 50

/**
 * Fill defaults in, then check: keys that the schema does not have are faults, with the word that was probably meant.
 * @param schema TypeBox or plain JSON Schema
 * @returns the value, which fits the schema where no fault was found
 */
export function checkValue(schema: TSchema, given: unknown): { value: unknown; faults: ValueFault[] } {
  const value = fillDefaults(schema as JsonSchema, structuredClone(given))
  const faults: ValueFault[] = []
  for (const error of meantErrors(allErrors(strict(schema) as TSchema, value))) {
    const path = error.instancePath.split('/').slice(1).map(unescaped)
    if (error.keyword === 'boolean') continue
    const params = error.params as {
      additionalProperties?: readonly string[]
      requiredProperties?: readonly string[]
      format?: string
      pattern?: string | RegExp
      allowedValues?: readonly unknown[]
    }
    if (error.keyword === 'additionalProperties') {
      const at = schemaAt(schema as JsonSchema, path)
      const known = Object.keys(at?.properties ?? at?.anyOf?.find(({ properties }) => properties !== undefined)?.properties ?? {})
      for (const key of params.additionalProperties ?? [])
        faults.push({ path, key, message: `unknown key "${key}"${didYouMean(key, known)}` })
    } else if (error.keyword === 'required') {
      for (const key of params.requiredProperties ?? []) faults.push({ path, message: `"${key}" is missing` })
    } else if (error.keyword === 'format') {
      const text = valueAt(value, path)
      faults.push({ path, message: formats[params.format ?? '']?.(String(text)) ?? `it is not of the format ${params.format}` })
    } else if (error.keyword === 'enum') {
      const [text, allowed] = [String(valueAt(value, path)), (params.allowedValues ?? []).map(String)]
      faults.push({ path, message: `"${text.slice(0, 80)}" is not one of ${allowed.join(', ')}${didYouMean(text, allowed)}` })
    } else if (error.keyword === 'anyOf') {
      const kinds = schemaAt(schema as JsonSchema, path)?.anyOf ?? []
      faults.push({ path, message: `it must be ${kinds.map(kindOf).join(' or ')}` })
    } else if (error.keyword === 'pattern') {
      const meant = meaning(schema, path)
      faults.push({ path, message: `"${String(valueAt(value, path)).slice(0, 80)}" does not have the form ${params.pattern}${meant}` })
    } else if (error.keyword === 'type') {
      const isDuration = schemaAt(schema as JsonSchema, path)?.format === 'duration'
      const wanted = isDuration ? 'must be a number with its unit, such as 15m or 30d' : error.message
      faults.push({ path, message: `it ${wanted}${meaning(schema, path)}` })
    } else {
      faults.push({ path, message: `it ${error.message}` })
    }
  }
  return { value, faults }
}

/** By default TypeBox stops after eight. */
function allErrors(schema: TSchema, value: unknown) {
  const { maxErrors } = Settings.Get()
  Settings.Set({ maxErrors: 2 * mostFaults })
  try {
    return Compile(schema).Errors(value).slice(0, mostFaults)
  } finally {
    Settings.Set({ maxErrors })
  }
}

interface JsonSchema {
  readonly type?: string
  readonly format?: string
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly const?: unknown
}

function fillDefaults(schema: JsonSchema | undefined, value: unknown): unknown {
  if (schema === undefined) return value
  if (value === undefined || value === null) {
    if (schema.default !== undefined) return fillDefaults(schema, structuredClone(schema.default))
    return value
  }
  if (Array.isArray(value)) return value.map((item) => fillDefaults(schema.items, item))
  if (typeof value !== 'object' || schema.properties === undefined) return value
  const filled = value as Record<string, unknown>
  for (const [key, property] of Object.entries(schema.properties)) {
    const next = fillDefaults(property, filled[key])
    if (next !== undefined) filled[key] = next
  }
  return filled
}

/** The schema with `additionalProperties: false` where an object says nothing of it. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict)
  if (typeof schema !== 'object' || schema === null) return schema
  const copy: Record<PropertyKey, unknown> = {}
  for (const key of Reflect.ownKeys(schema)) {
    const value = (schema as Record<PropertyKey, unknown>)[key]
    // What is put together by `allOf` would refuse the keys of its other parts; values that are given are no schemas.
    const asItIs = key === 'allOf' || key === 'default' || key === 'enum' || key === 'const' || key === 'examples'
    Object.defineProperty(copy, key, {
      value: asItIs ? value : strict(value),
      enumerable: Object.prototype.propertyIsEnumerable.call(schema, key),
    })
  }
  const open = copy.type === 'object' && copy.properties !== undefined && copy.additionalProperties === undefined
  return open && copy.patternProperties === undefined ? Object.assign(copy, { additionalProperties: false }) : copy
}

function schemaAt(schema: JsonSchema, path: Path): JsonSchema | undefined {
  let found: JsonSchema | undefined = schema
  for (const step of path) {
    const open: JsonSchema | undefined =
      found?.anyOf?.find(({ properties, items }) => properties !== undefined || items !== undefined) ?? found
    found = open?.properties?.[step] ?? open?.items
  }
  return found
}

function kindOf(schema: JsonSchema): string {
  return schema.const === undefined ? (schema.type ?? 'something else') : JSON.stringify(schema.const)
}

/** What the schema says that it is for, in brackets. */
function meaning(schema: TSchema, path: Path): string {
  const description = schemaAt(schema as JsonSchema, path)?.description
  return description === undefined ? '' : ` (${description})`
}

function valueAt(value: unknown, path: Path): unknown {
  let found = value
  for (const step of path) found = (found as Record<string, unknown> | undefined)?.[step]
  return found
}

/** RFC 6901, section 4. */
function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}

function complaint(attempt: () => unknown): string | null {
  try {
    attempt()
    return null
  } catch (error) {
    return (error as Error).message
  }
}
