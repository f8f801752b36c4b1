import { type Attribute, named, type ResourceSchema } from './attribute.ts'

/** From the resource down to what is meant: `name.givenName` is two of them. */
export type AttributePath = readonly Attribute[]

/**
 * Find what a path means (RFC 7644, section 3.10): `userName`, `name.givenName`, with the URN of a schema in front or
 * without, the URN of an extension alone.
 * @returns `passed-over` for what RFC 7643 has and nobody keeps; null for what is unknown
 */
export function resolvePath(schema: ResourceSchema, path: string): AttributePath | 'passed-over' | null {
  const own = withoutUrn(path, schema.id)
  for (const urn of schema.extensions) {
    const extension = named(schema.attributes, urn)
    if (extension === undefined || !startsWith(path, urn)) continue
    const rest = withoutUrn(path, urn)
    if (rest === '') return [extension]
    const below = rest === null ? null : descend(extension.subAttributes, rest.split('.'))
    return below === null ? null : [extension, ...below]
  }
  const names = (own ?? path).split('.')
  const found = descend(schema.attributes, names)
  if (found !== null) return found
  // Entra asks for, and writes, `manager` without the URN.
  for (const urn of own === null ? schema.extensions : []) {
    const extension = named(schema.attributes, urn)
    const below = extension === undefined ? null : descend(extension.subAttributes, names)
    if (extension !== undefined && below !== null) return [extension, ...below]
  }
  return schema.passedOver.has((names[0] ?? '').toLowerCase()) ? 'passed-over' : null
}

/** A path below an attribute: `type` of `emails`. */
export function resolveBelow(attribute: Attribute, path: string): AttributePath | null {
  return descend(attribute.subAttributes, path.split('.'))
}

/** What follows the URN; empty where nothing does; null where the path does not begin with it. */
function withoutUrn(path: string, urn: string): string | null {
  if (!startsWith(path, urn)) return null
  const rest = path.slice(urn.length)
  if (rest === '') return ''
  return rest.startsWith(':') ? rest.slice(1) : null
}

function startsWith(path: string, urn: string): boolean {
  return path.slice(0, urn.length).toLowerCase() === urn.toLowerCase()
}

function descend(attributes: readonly Attribute[], names: readonly string[]): AttributePath | null {
  const [name = '', ...rest] = names
  const found = named(attributes, name)
  if (found === undefined) return null
  if (rest.length === 0) return [found]
  const below = descend(found.subAttributes, rest)
  return below === null ? null : [found, ...below]
}
