import Type, { type Static } from 'typebox'
import { sourceOptions } from '../source-options.ts'

const Property = (description: string, byDefault: string) =>
  Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]{0,99}$', description: `Of the profile: ${description}`, default: byDefault })

export const OktaConfig = Type.Object(
  {
    ...sourceOptions,
    site: Type.String({ maxLength: 300, description: '`https://example.okta.com`' }),
    tokenFile: Type.String({
      minLength: 1,
      maxLength: 1000,
      description: 'Absolute path of a file that holds an API token and nothing else, mode 0600; a read-only administrator is enough',
    }),
    search: Type.Optional(
      Type.String({ minLength: 1, maxLength: 4000, description: 'Only these people: `profile.department eq "Engineering"`' }),
    ),
    profile: Type.Object(
      {
        userName: Property('what they are called here', 'login'),
        manager: Property("their manager's id, login or e-mail address", 'managerId'),
      },
      { additionalProperties: false, default: {} },
    ),
    groups: Type.Optional(
      Type.Object(
        { filter: Type.String({ default: 'type eq "OKTA_GROUP"', minLength: 1, maxLength: 4000, description: 'Only these groups' }) },
        { additionalProperties: false, description: 'Read groups, too: one request each, and more for large ones' },
      ),
    ),
  },
  { additionalProperties: false },
)
export type OktaConfig = Static<typeof OktaConfig>
