import { Project, Role } from '@standin/client'
import Type, { type Static } from 'typebox'
import { SourcesConfig } from './sources/sources-config.ts'

const Scim = Type.Object(
  {
    tokens: Type.Array(Type.String({ minLength: 1, maxLength: 63 }), {
      default: [],
      maxItems: 20,
      description: 'Names of tokens that may provision whatever their scope is, so that a directory gets no `admin` token',
    }),
  },
  { additionalProperties: false, description: 'Take users and groups from directories that push them (SCIM 2.0)' },
)

const GroupRole = Type.Object(
  {
    group: Type.String({ minLength: 1, maxLength: 200, description: 'displayName of a group, whatever its case' }),
    project: Type.Union([Project, Type.Null()], { description: 'Null: everywhere' }),
    role: Role,
  },
  { additionalProperties: false },
)

export const IdentityConfig = Type.Object(
  {
    scim: Type.Optional(Scim),
    sources: SourcesConfig,
    roles: Type.Array(GroupRole, { default: [], maxItems: 1000, description: 'What members of a group may' }),
  },
  { additionalProperties: false },
)
export type IdentityConfig = Static<typeof IdentityConfig>
