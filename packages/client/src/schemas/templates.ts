import Type from 'typebox'
import { ConfigId, literals, Name, Nullable, Page, pageQuery, Timestamp } from './common.ts'
import { Stack } from './stack.ts'

export const phaseNames = ['provision', 'bootstrap', 'configure', 'bake'] as const

export const CheckResult = Type.Object({
  name: Type.String(),
  ok: Type.Boolean(),
  durationMs: Type.Number(),
  /** What it printed or why it failed, at most the last 20 lines. */
  output: Type.String(),
})
export type CheckResult = Type.Static<typeof CheckResult>

/** Where a template version comes from. */
export const Provenance = Type.Object({
  /** SHA-256 of the blueprint file, hex. */
  blueprintHash: Type.String(),
  /** SHA-256 over all files that were sent with it, and how many they are. */
  inputs: Type.Object({ hash: Type.String(), files: Type.Integer(), bytes: Type.Integer() }),
  build: Type.Integer(),
  actor: Type.String(),
  phases: Type.Array(Type.Object({ name: literals(phaseNames), startedAt: Timestamp, durationMs: Type.Number() })),
  fixtures: Type.Array(Type.Object({ name: Type.String(), rows: Type.Integer() })),
  checks: Type.Array(CheckResult),
})
export type Provenance = Type.Static<typeof Provenance>

export const Template = Type.Object(
  {
    name: Name,
    version: Type.Integer({ minimum: 1 }),
    /** `shop@7` */
    ref: Type.String(),
    provider: Type.String(),
    channels: Type.Array(Type.String()),
    createdAt: Timestamp,
    sizeBytes: Type.Integer(),
    stack: Stack,
    provenance: Provenance,
  },
  { $id: 'Template' },
)
export type Template = Type.Static<typeof Template>
/** Newest first. */
export const ListTemplatesQuery = Type.Object({ ...pageQuery, name: Type.Optional(Name) }, { additionalProperties: false })
export type ListTemplatesQuery = Type.Static<typeof ListTemplatesQuery>
export const TemplatePage = Page(Template)

export const Channel = Type.Object({ template: Name, name: Name, version: Type.Integer(), ref: Type.String(), updatedAt: Timestamp })
export type Channel = Type.Static<typeof Channel>
export const ChannelPage = Page(Channel)
export const SetChannel = Type.Object({ version: Type.Integer({ minimum: 1 }) }, { additionalProperties: false })

export const buildStates = ['queued', 'running', 'succeeded', 'failed'] as const
export const Build = Type.Object(
  {
    id: Type.Integer(),
    name: Name,
    state: literals(buildStates),
    phase: Nullable(literals(phaseNames)),
    environment: Nullable(ConfigId),
    /** `shop@7` once it succeeded. */
    template: Nullable(Type.String()),
    /** A problem document's `code` and `detail` once it failed. */
    error: Nullable(Type.Object({ code: Type.String(), detail: Type.String(), hint: Type.String() })),
    actor: Type.String(),
    createdAt: Timestamp,
    finishedAt: Nullable(Timestamp),
    /** Warnings of the blueprint, e.g. a host port that was ignored. */
    warnings: Type.Array(Type.String()),
  },
  { $id: 'Build' },
)
export type Build = Type.Static<typeof Build>
export const BuildPage = Page(Build)

/** Query of `POST /v1/builds`; its body is a gzipped tar of the blueprint's folder. */
export const CreateBuildQuery = Type.Object(
  {
    /** The blueprint file within the archive. */
    file: Type.Optional(Type.String()),
    name: Type.Optional(Name),
    provider: Type.Optional(Type.String()),
    /** A channel to move to the new version, besides `latest`. */
    channel: Type.Optional(Name),
    keepFailed: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)
export type CreateBuildQuery = Type.Static<typeof CreateBuildQuery>
