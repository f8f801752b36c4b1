import type { ResourceSchema, ScimObject } from './schema/attribute.ts'

/** RFC 7644, section 3.1. */
export const scimType = 'application/scim+json; charset=utf-8'

const listUrn = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'

/** RFC 7644, section 3.4.2. */
export function toList(resources: readonly object[], totalResults: number, startIndex: number) {
  return { schemas: [listUrn], totalResults, startIndex, itemsPerPage: resources.length, Resources: resources }
}

/** With the schemas that it is of, as far as it has something of them (RFC 7643, section 3). */
export function withSchemas({ id, extensions }: ResourceSchema, resource: ScimObject): ScimObject {
  return { schemas: [id, ...extensions.filter((urn) => resource[urn] !== undefined)], ...resource }
}
