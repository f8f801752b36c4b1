import Type from 'typebox'
import { ConfigId, Name, Page, pageQuery, Timestamp } from './common.ts'

/** A host name given to an environment besides its own, and moved to another one in one step. */
export const Alias = Type.Object(
  {
    /** `demo.test-envs.localhost` */
    host: Type.String(),
    environment: ConfigId,
    /** The one that it leads to; where none was said, `www`, or the first that the environment publishes. */
    service: Type.String(),
    /** `http://demo.test-envs.localhost:8080/` */
    url: Type.String(),
    /** Who set it, or moved it last. */
    actor: Type.String(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { $id: 'Alias' },
)
export type Alias = Type.Static<typeof Alias>

/** In the order of their names. */
export const AliasPage = Page(Alias)

export const SetAlias = Type.Object(
  {
    environment: Type.Union([ConfigId, Type.String({ minLength: 1, maxLength: 63 })], { description: 'configId or name' }),
    service: Type.Optional(Name),
  },
  { additionalProperties: false },
)
export type SetAlias = Type.Static<typeof SetAlias>

export const ListAliasesQuery = Type.Object(
  { ...pageQuery, environment: Type.Optional(Type.String({ maxLength: 63, description: 'Only those of this one; name or configId' })) },
  { additionalProperties: false },
)
export type ListAliasesQuery = Type.Static<typeof ListAliasesQuery>
