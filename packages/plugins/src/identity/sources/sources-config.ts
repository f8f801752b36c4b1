import Type, { type Static } from 'typebox'
import { LdapConfig } from './ldap/ldap-config.ts'
import { OktaConfig } from './okta/okta-config.ts'

/** Directories that are asked. */
export const SourcesConfig = Type.Object(
  {
    ldap: Type.Array(LdapConfig, { default: [], maxItems: 20, description: 'OpenLDAP, Active Directory and the like' }),
    okta: Type.Array(OktaConfig, { default: [], maxItems: 20, description: 'Organizations at Okta that can not push' }),
  },
  { additionalProperties: false, default: {}, description: 'Directories that are asked' },
)
export type SourcesConfig = Static<typeof SourcesConfig>
