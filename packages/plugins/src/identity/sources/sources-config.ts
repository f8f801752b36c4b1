import Type, { type Static } from 'typebox'
import { LdapConfig } from './ldap/ldap-config.ts'

/** Directories that are asked. */
export const SourcesConfig = Type.Object(
  { ldap: Type.Array(LdapConfig, { default: [], maxItems: 20, description: 'OpenLDAP, Active Directory and the like' }) },
  { additionalProperties: false, default: {}, description: 'Directories that are asked' },
)
export type SourcesConfig = Static<typeof SourcesConfig>
