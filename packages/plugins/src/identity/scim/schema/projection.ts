import { ScimError } from '../scim-error.ts'
import type { ResourceSchema, ScimObject, ScimValue } from './attribute.ts'
import { type AttributePath, resolvePath } from './resolve-path.ts'

/** Which attributes a client wants (RFC 7644, section 3.9). */
export interface ProjectionQuery {
  readonly attributes?: readonly string[] | undefined
  readonly excludedAttributes?: readonly string[] | undefined
}

/** What of a resource is shown. `id` always is; what is unknown is passed over. */
export class Projection {
  readonly #only: readonly AttributePath[] | null
  readonly #without: readonly AttributePath[]

  /** @throws ScimError `invalidValue` where both are given */
  constructor(schema: ResourceSchema, { attributes = [], excludedAttributes = [] }: ProjectionQuery) {
    if (attributes.length > 0 && excludedAttributes.length > 0) {
      throw new ScimError(400, 'attributes and excludedAttributes do not go together', 'invalidValue')
    }
    const resolve = (paths: readonly string[]) =>
      paths.flatMap((path) => {
        const found = resolvePath(schema, path.trim())
        return found === null || found === 'passed-over' ? [] : [found]
      })
    this.#only = attributes.length === 0 ? null : resolve(attributes)
    this.#without = resolve(excludedAttributes)
  }

  /** Whether anything of this attribute is. */
  shows(name: string): boolean {
    if (this.#only !== null) return this.#only.some(([first]) => first?.name === name)
    return !this.#without.some((path) => path.length === 1 && path[0]?.name === name)
  }

  of(resource: ScimObject): ScimObject {
    const shown: Record<string, ScimValue | undefined> = {}
    for (const [name, value] of Object.entries(resource)) {
      if (name === 'id') shown[name] = value
      else if (this.#only !== null) shown[name] = keep(value, belowOf(this.#only, name))
      else shown[name] = drop(value, belowOf(this.#without, name))
    }
    return shown
  }
}

/** What the paths say of the parts of this attribute; an empty one is about all of it. */
function belowOf(paths: readonly AttributePath[], name: string): AttributePath[] {
  return paths.filter(([first]) => first?.name === name).map((path) => path.slice(1))
}

function keep(value: ScimValue | undefined, paths: readonly AttributePath[]): ScimValue | undefined {
  if (paths.length === 0) return undefined
  if (paths.some((path) => path.length === 0) || typeof value !== 'object') return value
  if (isList(value)) return mapValues(value, (each) => keep(each, paths))
  return mapParts(value as ScimObject, (name, part) => keep(part, belowOf(paths, name)))
}

function drop(value: ScimValue | undefined, paths: readonly AttributePath[]): ScimValue | undefined {
  if (paths.some((path) => path.length === 0)) return undefined
  if (paths.length === 0 || typeof value !== 'object') return value
  if (isList(value)) return mapValues(value, (each) => drop(each, paths))
  return mapParts(value as ScimObject, (name, part) => drop(part, belowOf(paths, name)))
}

/** Of what has none of these parts, nothing is left (RFC 7643, section 2.5). */
function mapParts(value: ScimObject, map: (name: string, part: ScimValue | undefined) => ScimValue | undefined): ScimObject | undefined {
  const parts = Object.entries(value).flatMap(([name, part]) => {
    const mapped = map(name, part)
    return mapped === undefined ? [] : [[name, mapped] as const]
  })
  return parts.length === 0 ? undefined : Object.fromEntries(parts)
}

function mapValues(values: readonly ScimObject[], map: (value: ScimObject) => ScimValue | undefined): readonly ScimObject[] | undefined {
  const mapped = values.map(map).filter((each): each is ScimObject => each !== undefined)
  return mapped.length === 0 ? undefined : mapped
}

function isList(value: object): value is readonly ScimObject[] {
  return Array.isArray(value)
}
