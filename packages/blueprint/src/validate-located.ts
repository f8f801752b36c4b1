import type { Faults } from './faults.ts'
import { describeKind, isNull, type Located } from './located.ts'
import { parseDuration } from './quantities.ts'
import { didYouMean } from './suggest.ts'

/** The part of JSON Schema that the `x-standin` schema uses. */
export interface JsonSchema {
  readonly type?: string
  readonly anyOf?: readonly JsonSchema[]
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[] | undefined
  readonly additionalProperties?: boolean | JsonSchema
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly minItems?: number
  readonly minLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly format?: string
  readonly description?: string
  /** It has the keys of another one, which the reference page shows already. */
  readonly sameAs?: string
}

/**
 * Check located YAML against a JSON schema: every fault, at its line, with the word that was probably meant. Keys that start
 * with `x-` are left out, as everywhere in Compose; a key without a value counts as missing; a number where a string is
 * wanted is taken as it is written.
 *
 * @returns the plain value, which fits the schema where no fault was found.
 */
export function validateLocated(node: Located, schema: JsonSchema, path: string, faults: Faults): unknown {
  if (schema.anyOf !== undefined) return validateUnion(node, schema.anyOf, path, faults)
  if (schema.type === 'object') return validateObject(node, schema, path, faults)
  if (schema.type === 'array') return validateArray(node, schema, path, faults)
  if (node.kind !== 'scalar' || (node.value === null && schema.type !== 'null')) {
    faults.error(node.at, path, `${describeKind(node)} is not ${wanted(schema)}`)
    return undefined
  }
  return validateScalar(node.value, node.text, schema, (message) => faults.error(node.at, path, message))
}

function validateScalar(
  value: string | number | boolean | null,
  text: string,
  schema: JsonSchema,
  fail: (message: string) => void,
): unknown {
  const shown = `"${text.slice(0, 80)}"`
  if (schema.enum !== undefined) {
    if (!schema.enum.includes(text)) fail(`${shown} is not ${wanted(schema)}${didYouMean(text, schema.enum)}`)
    return text
  }
  switch (schema.type) {
    case 'string': {
      if (text.includes('\0')) fail('there is a NUL character in it')
      else if (text.length < (schema.minLength ?? 0)) fail('it is empty')
      else if (schema.format === 'duration' && text !== 'never' && parseDuration(text) === null)
        fail(`${shown} is not a duration with a unit, such as 90s or 2h`)
      else if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(text)) fail(`${shown} is not ${wanted(schema)}`)
      return text
    }
    case 'integer':
    case 'number': {
      const number = typeof value === 'number' ? value : /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
      const fits = Number.isFinite(number) && (schema.type === 'number' || Number.isInteger(number))
      if (!fits || number < (schema.minimum ?? number) || number > (schema.maximum ?? number)) fail(`${shown} is not ${wanted(schema)}`)
      return number
    }
    case 'boolean': {
      if (text !== 'true' && text !== 'false') fail(`${shown} is not true or false`)
      return text === 'true'
    }
    default:
      if (value !== null) fail(`${shown} is not nothing`)
      return null
  }
}

function validateObject(node: Located, schema: JsonSchema, path: string, faults: Faults): unknown {
  if (node.kind !== 'map') {
    faults.error(node.at, path, `${describeKind(node)} is not a mapping`)
    return undefined
  }
  const result: Record<string, unknown> = Object.create(null)
  const properties = schema.properties ?? {}
  const patterns = Object.entries(schema.patternProperties ?? {})
  for (const [key, { value, keyAt }] of node.entries) {
    const here = `${path}.${key}`
    const rule = Object.hasOwn(properties, key) ? properties[key] : undefined
    const matching = rule ?? patterns.find(([pattern]) => new RegExp(pattern).test(key))?.[1]
    if (matching !== undefined) {
      const allowsNull = matching.type === 'null' || matching.anyOf?.some((choice) => choice.type === 'null') === true
      if (!isNull(value) || allowsNull) result[key] = validateLocated(value, matching, here, faults)
    } else if (patterns.length > 0) {
      faults.error(keyAt, here, `"${key}" is not ${wanted({ type: 'string', pattern: patterns[0]?.[0] ?? '' })}`)
    } else if (!key.startsWith('x-')) {
      faults.error(keyAt, here, `unknown key "${key}"${didYouMean(key, Object.keys(properties))}`)
    }
  }
  for (const key of schema.required ?? []) {
    if (!(key in result)) faults.error(node.at, path, `"${key}" is missing`)
  }
  return result
}

function validateArray(node: Located, schema: JsonSchema, path: string, faults: Faults): unknown {
  if (node.kind !== 'list') {
    faults.error(node.at, path, `${describeKind(node)} is not a list`)
    return undefined
  }
  if (node.items.length < (schema.minItems ?? 0)) faults.error(node.at, path, 'the list is empty')
  return node.items.map((item, index) =>
    schema.items === undefined ? undefined : validateLocated(item, schema.items, `${path}.${index}`, faults),
  )
}

/** The branch is chosen by what is there, so its own faults are told and not that no branch fits. */
function validateUnion(node: Located, choices: readonly JsonSchema[], path: string, faults: Faults): unknown {
  const kinds =
    node.kind === 'map'
      ? ['object']
      : node.kind === 'list'
        ? ['array']
        : node.value === null
          ? ['null']
          : ['string', 'number', 'integer', 'boolean']
  const choice = choices.find((candidate) => kinds.includes(candidate.type ?? ''))
  if (choice !== undefined) return validateLocated(node, choice, path, faults)
  faults.error(node.at, path, `${describeKind(node)} is not ${choices.map(wanted).join(' or ')}`)
  return undefined
}

function wanted(schema: JsonSchema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`
  switch (schema.type) {
    case 'object':
      return 'a mapping'
    case 'array':
      return 'a list'
    case 'integer':
      return schema.minimum === undefined ? 'a whole number' : `a whole number from ${schema.minimum} to ${schema.maximum}`
    case 'boolean':
      return 'true or false'
    case 'null':
      return 'nothing'
    case 'string':
      if (schema.pattern?.includes('(:[0-9]{1,5})?') === true) return 'host:port, such as web:8080'
      if (schema.pattern?.includes(')?/[') === true) return 'a path, such as /busy, or api/busy for a service'
      if (schema.pattern?.startsWith('^(/') === true) return 'the beginning of a path, such as /api, without a slash at its end'
      if (schema.pattern?.startsWith('^/') === true) return 'a path, such as /healthz'
      if (schema.pattern?.includes('a-z0-9') === true) return 'a DNS label: lower-case letters, digits and hyphens, 63 at most'
      return 'a string'
    default:
      return `a ${schema.type}`
  }
}
