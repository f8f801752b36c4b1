import Type from 'typebox'
import { literals, Name, Nullable, Page, pageQuery, Timestamp } from './common.ts'
import { UserRef, UserRights } from './people.ts'

/** From least to most; each includes those before it. `wake` is what the gateway has: reading, resuming, reporting activity. */
export const scopes = ['read', 'wake', 'write', 'admin'] as const
export const Scope = literals(scopes)
export type Scope = Type.Static<typeof Scope>

export const Token = Type.Object(
  {
    id: Type.String(),
    name: Name,
    scope: Scope,
    /** Whose it is: their roles count, too. Null: a machine's or an administrator's. */
    user: Nullable(UserRef),
    createdAt: Timestamp,
    expiresAt: Nullable(Timestamp),
    lastUsedAt: Nullable(Timestamp),
  },
  { $id: 'Token' },
)
export type Token = Type.Static<typeof Token>
export const TokenPage = Page(Token)
/** The only time that the secret is shown. */
export const CreatedToken = Type.Object({ ...Token.properties, token: Type.String() })
export type CreatedToken = Type.Static<typeof CreatedToken>
export const CreateToken = Type.Object(
  {
    name: Name,
    scope: Scope,
    /** Whose it is, by id or userName; default: nobody's, and the scope alone counts. */
    user: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    expiresInMs: Type.Optional(Nullable(Type.Integer({ minimum: 1000 }))),
  },
  { additionalProperties: false },
)
export type CreateToken = Type.Static<typeof CreateToken>

/** Of every list. */
export const PageQuery = Type.Object(pageQuery, { additionalProperties: false })
export type PageQuery = Type.Static<typeof PageQuery>

/** `storage`: it measures what an environment holds; `share`: a clone shares the files of its template until it changes them. */
export const abilities = ['suspend', 'snapshot', 'exec', 'logs', 'stats', 'limits', 'storage', 'share'] as const
export type Ability = (typeof abilities)[number]

/** `GET /v1`: where everything is and what this server can do. */
export const Discovery = Type.Object(
  {
    name: Type.Literal('standin'),
    version: Type.String(),
    api: Type.Literal('v1'),
    domain: Type.String(),
    /** What to put around a host name to reach the gateway: `http`, `:8080` → `http://www-1001.<domain>:8080/`. */
    gateway: Type.Object({
      scheme: literals(['http', 'https']),
      port: Type.Integer(),
      /** Where the same is served over TLS, if anywhere. */
      httpsPort: Nullable(Type.Integer()),
    }),
    dns: Nullable(Type.String()),
    /** Names its store: sequence numbers and configIds of another one mean something else. */
    epoch: Type.String(),
    /** Whose the token is that asked, as it stands in events: `token:alice`. */
    actor: Type.String(),
    /** Of the token that asked. */
    scope: Scope,
    /** Whose token it is; absent: nobody's, and its scope alone counts. */
    user: Type.Optional(UserRights),
    providers: Type.Array(
      Type.Object({ id: Type.String(), can: Type.Record(Type.String(), Type.Boolean()), notes: Type.Array(Type.String()) }),
    ),
    links: Type.Record(Type.String(), Type.String()),
    trashMs: Type.Integer(),
  },
  { $id: 'Discovery' },
)
export type Discovery = Type.Static<typeof Discovery>

/** `standin start --json`, and `run/standin.json` below STANDIN_HOME while it runs. */
export const Running = Type.Object({
  api: Type.String(),
  http: Type.String(),
  /** `https://127.0.0.1:8443`; absent where the gateway serves no TLS. */
  https: Type.Optional(Type.String()),
  /** The gateway's admin listener, `http://127.0.0.1:9901`; absent where there is none. */
  admin: Type.Optional(Type.String()),
  dns: Type.String(),
  tokenFile: Type.String(),
})
export type Running = Type.Static<typeof Running>

/** RFC 9457 problem document. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.String(),
    /** What to do next. */
    hint: Type.Optional(Type.String()),
    /** All faults of an input, together. */
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String(),
          message: Type.String(),
          file: Type.Optional(Type.String()),
          line: Type.Optional(Type.Integer()),
          column: Type.Optional(Type.Integer()),
        }),
      ),
    ),
  },
  { $id: 'Problem' },
)
export type Problem = Type.Static<typeof Problem>
