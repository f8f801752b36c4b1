import type { Attribute, ResourceSchema } from './schema/attribute.ts'
import { commonNames, groupSchema, userSchema } from './schema/resource-schemas.ts'
import { mostResults } from './search-query.ts'

const serviceUrn = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'
const typeUrn = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType'
const schemaUrn = 'urn:ietf:params:scim:schemas:core:2.0:Schema'

/** RFC 7643, section 5. */
export function serviceProviderConfig(base: string) {
  return {
    schemas: [serviceUrn],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: mostResults },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    authenticationSchemes: [
      { type: 'oauthbearertoken', name: 'Bearer token', description: 'A token of Standin: `standin token create`', primary: true },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  }
}

/** RFC 7643, section 6. */
export function resourceTypes(base: string) {
  return [userSchema, groupSchema].map(({ id, name, description, endpoint, extensions }) => ({
    schemas: [typeUrn],
    id: name,
    name,
    description,
    endpoint,
    schema: id,
    ...(extensions.length === 0 ? {} : { schemaExtensions: extensions.map((schema) => ({ schema, required: false })) }),
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
  }))
}

/** RFC 7643, section 7. */
export function schemaDocuments(base: string) {
  return [userSchema, groupSchema].flatMap((schema) => [
    schemaDocument(schema.id, schema.name, schema.description, ownAttributes(schema), base),
    ...schema.extensions.map((urn) => {
      const { description = '', subAttributes = [] } = schema.attributes.find(({ name }) => name === urn) ?? {}
      return schemaDocument(urn, 'EnterpriseUser', description, subAttributes, base)
    }),
  ])
}

function schemaDocument(id: string, name: string, description: string, attributes: readonly Attribute[], base: string) {
  const meta = { resourceType: 'Schema', location: `${base}/Schemas/${id}` }
  return { schemas: [schemaUrn], id, name, description, attributes: attributes.map(toDocument), meta }
}

function ownAttributes({ attributes, extensions }: ResourceSchema): Attribute[] {
  return attributes.filter(({ name }) => !commonNames.has(name) && !extensions.includes(name))
}

function toDocument({ subAttributes, ...attribute }: Attribute): object {
  const { type, ...rest } = attribute
  const more = type === 'reference' ? { referenceTypes: ['User', 'Group'] } : {}
  return { type, ...rest, ...more, ...(type === 'complex' ? { subAttributes: subAttributes.map(toDocument) } : {}) }
}
