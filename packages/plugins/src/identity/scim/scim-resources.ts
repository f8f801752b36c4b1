import type { ResourceSchema, ScimObject } from './schema/attribute.ts'
import type { Projection } from './schema/projection.ts'
import { ScimError } from './scim-error.ts'
import type { SearchQuery } from './search-query.ts'

/** What was written, and the ETag that it has now. */
export interface Written {
  readonly id: string
  readonly version: string
}

export interface Found {
  readonly totalResults: number
  readonly resources: readonly ScimObject[]
}

/**
 * Resources of one kind, for one base address. Everything throws ScimError and StandinError; what throws has changed nothing.
 * @see RFC 7644, section 3
 */
export interface ScimResources {
  readonly schema: ResourceSchema
  get(id: string, projection: Projection): Promise<ScimObject>
  search(query: SearchQuery, projection: Projection): Promise<Found>
  create(body: unknown): Promise<Written>
  /** @param ifMatch the header */
  replace(id: string, body: unknown, ifMatch: string | undefined): Promise<Written>
  patch(id: string, body: unknown, ifMatch: string | undefined): Promise<Written>
  delete(id: string, ifMatch: string | undefined): Promise<void>
}

/** @throws ScimError 412 where the header names other versions alone (RFC 9110, section 13.1.1; weakly: ours are weak) */
export function requireVersion(version: string, ifMatch: string | undefined): void {
  if (ifMatch === undefined || isListed(version, ifMatch)) return
  throw new ScimError(412, `it was changed meanwhile: it is at version ${version}`)
}

/** Whether `If-Match` or `If-None-Match` names this version. */
export function isListed(version: string, header: string): boolean {
  const bare = (tag: string) => tag.trim().replace(/^W\//, '')
  return header.trim() === '*' || header.split(',').some((tag) => bare(tag) === bare(version))
}

/** `local`: people made it with a command line, and a directory that pushes it takes it over. */
export const scimSource = 'scim'

/** @throws ScimError 403 for what another directory keeps */
export function requireOurs(what: string, source: string): void {
  if (source === scimSource || source === 'local') return
  throw new ScimError(403, `${what} is kept by ${source}: SCIM can not change it`)
}
