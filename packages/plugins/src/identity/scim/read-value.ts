import { type Attribute, named, type ResourceSchema, type ScimObject, type ScimValue } from './schema/attribute.ts'
import { ScimError } from './scim-error.ts'

/** Characters of a text; control is stricter with names. */
const longestText = 4096
/** Values of one attribute: members of a group. */
const mostValues = 20_000

/**
 * A resource that a client sent, under the names of its schema. What only the server says, what is unknown and what nobody keeps is left
 * out (RFC 7644, sections 3.3 and 3.5.1).
 * @throws ScimError `invalidSyntax`, `invalidValue`
 */
export function readResource(schema: ResourceSchema, body: unknown): ScimObject {
  if (!isObject(body)) throw new ScimError(400, `a ${schema.name} is an object of JSON`, 'invalidSyntax')
  requireSchema(body, schema.id, `a ${schema.name}`)
  const resource = readParts(schema.attributes, body, '')
  requireAll(schema, resource)
  return resource
}

/** What a body is, it says itself (RFC 7643, section 3; RFC 7644, section 3.1). @param what `a User` @throws ScimError `invalidSyntax` */
export function requireSchema(body: Readonly<Record<string, unknown>>, urn: string, what: string): void {
  const schemas = memberOf(body, 'schemas')
  if (Array.isArray(schemas) && schemas.some((each) => sameText(each, urn))) return
  throw new ScimError(400, `this is not ${what}: its schemas do not have ${urn}`, 'invalidSyntax')
}

/** @throws ScimError `invalidValue` where something is missing */
export function requireAll(schema: ResourceSchema, resource: ScimObject): void {
  const missing = schema.attributes.find(({ required, name }) => required && resource[name] === undefined)
  if (missing !== undefined) throw new ScimError(400, `a ${schema.name} needs a ${missing.name}`, 'invalidValue')
}

/**
 * What a client sent for an attribute. Undefined: nothing; null, an empty text and an empty list are the same as nothing (RFC
 * 7643, section 2.5).
 * @throws ScimError `invalidValue`
 */
export function readValue(attribute: Attribute, value: unknown, at = attribute.name): ScimValue | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (!attribute.multiValued) return readOne(attribute, value, at)
  const values = Array.isArray(value) ? value : [value]
  if (values.length > mostValues) throw wrong(at, `has more than ${mostValues} values`)
  const read = values.flatMap((each, index) => readOne(attribute, each, `${at}[${index}]`) ?? []) as ScimObject[]
  if (read.filter(({ primary }) => primary === true).length > 1) throw wrong(at, 'has more than one that is primary')
  return read.length === 0 ? undefined : read
}

function readOne(attribute: Attribute, value: unknown, at: string): ScimValue | undefined {
  if (value === null || value === '') return undefined
  if (attribute.type === 'complex') return readComplex(attribute, value, at)
  if (attribute.type === 'boolean') {
    if (typeof value === 'boolean') return value
    // Entra writes "True" unless told otherwise.
    if (sameText(value, 'true')) return true
    if (sameText(value, 'false')) return false
    throw wrong(at, 'is true or false')
  }
  if (typeof value !== 'string') throw wrong(at, 'is a text')
  if (value.length > longestText) throw wrong(at, `is longer than ${longestText} characters`)
  return value
}

function readComplex(attribute: Attribute, given: unknown, at: string): ScimObject | undefined {
  // Entra writes a manager as their id alone, and has written them as a list of one.
  const value = Array.isArray(given) && given.length === 1 ? (given as unknown[])[0] : given
  const parts = typeof value === 'string' && named(attribute.subAttributes, 'value') !== undefined ? { value } : value
  if (!isObject(parts)) throw wrong(at, `is an object of ${attribute.subAttributes.map(({ name }) => name).join(', ')}`)
  const read = readParts(attribute.subAttributes, parts, `${at}.`)
  return Object.keys(read).length === 0 ? undefined : read
}

function readParts(attributes: readonly Attribute[], parts: Readonly<Record<string, unknown>>, at: string): ScimObject {
  const read: Record<string, ScimValue> = {}
  for (const [name, value] of Object.entries(parts)) {
    const attribute = named(attributes, name)
    if (attribute === undefined || attribute.mutability === 'readOnly') continue
    const one = readValue(attribute, value, at + attribute.name)
    if (one !== undefined) read[attribute.name] = one
  }
  return read
}

/** Of a member of an object, whatever the case of its name. */
export function memberOf(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.entries(object).find(([key]) => sameText(key, name))?.[1]
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sameText(value: unknown, text: string): boolean {
  return typeof value === 'string' && value.toLowerCase() === text.toLowerCase()
}

function wrong(at: string, message: string): ScimError {
  return new ScimError(400, `${at} ${message}`, 'invalidValue')
}
