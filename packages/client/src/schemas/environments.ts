import Type from 'typebox'
import { ConfigId, HostPort, Labels, literals, Name, Nullable, Page, pageQuery, Timestamp } from './common.ts'
import { PathPrefix, Probe, RoutePolicy } from './policy.ts'
import { Resources } from './stack.ts'

export const environmentStates = [
  'starting',
  'running',
  'suspending',
  'suspended',
  'resuming',
  'stopping',
  'stopped',
  'snapshotting',
  'deleting',
  'deleted',
  'failed',
] as const
export const EnvironmentState = literals(environmentStates, 'What an environment is, as last observed')
export type EnvironmentState = Type.Static<typeof EnvironmentState>

export const desiredStates = ['running', 'suspended', 'stopped', 'deleted'] as const
export const DesiredState = literals(desiredStates, 'What an environment is wanted to be')
export type DesiredState = Type.Static<typeof DesiredState>

/** Why something is as it is: who or what made it so, in words, when. */
export const Reason = Type.Object({
  /** `token:alice`, `gateway`, `plugin:suspend`, `reconciler`, `provider:process`. */
  actor: Type.String(),
  /** A code of the error table where something went wrong. */
  code: Nullable(Type.String()),
  message: Type.String(),
  at: Timestamp,
})
export type Reason = Type.Static<typeof Reason>

/** When an environment was used last, and by what. */
export const LastActivity = Type.Object({
  at: Timestamp,
  /** `GET www-1001.test-envs.localhost`, `WebSocket …`; null where it was not told. */
  cause: Nullable(Type.String()),
})
export type LastActivity = Type.Static<typeof LastActivity>

export const instanceStates = ['pending', 'starting', 'running', 'unhealthy', 'suspended', 'exited', 'failed'] as const
export const Instance = Type.Object({
  /** `web-1`; ordinals start with 1. */
  name: Name,
  ordinal: Type.Integer({ minimum: 1 }),
  address: Type.String(),
  /** Milliseconds since the epoch at which this instance's process started: an address that is reused has another one. */
  generation: Type.Integer(),
  state: literals(instanceStates),
  health: literals(['none', 'starting', 'healthy', 'unhealthy']),
  pid: Nullable(Type.Integer()),
  exitCode: Nullable(Type.Integer()),
  signal: Nullable(Type.String()),
  restarts: Type.Integer(),
  since: Timestamp,
  /** Why it is in this state, where that needs words. */
  reason: Nullable(Type.String()),
})
export type Instance = Type.Static<typeof Instance>

export const Host = Type.Object({
  name: Name,
  /** `<host>.<configId>.<domain>` */
  fqdn: Type.String(),
  ports: Type.Array(Type.Integer()),
  /** Of each of its instances. */
  resources: Resources,
  instances: Type.Array(Instance),
})
export type Host = Type.Static<typeof Host>

export const Endpoint = Type.Object({
  address: Type.String(),
  port: Type.Integer({ minimum: 1, maximum: 65535 }),
  generation: Type.Integer(),
  /** Name of the instance behind it, `web-1`. */
  instance: Type.String(),
  /** Its share beside the others; 1 where absent. */
  weight: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
})
export type Endpoint = Type.Static<typeof Endpoint>

export const Service = Type.Object({
  name: Name,
  /** `http://www-1001.test-envs.localhost:8080/` as a browser would be given it. */
  url: Type.String(),
  /** `www-1001.test-envs.localhost` */
  hostname: Type.String(),
  /** The pool. Only instances that take traffic are in it. */
  endpoints: Type.Array(Endpoint),
  /** Paths of it that other pools answer; absent where there are none. */
  paths: Type.Optional(
    Type.Array(
      Type.Object({
        /** `/api`: this and all below it. */
        path: Type.String(),
        endpoints: Type.Array(Endpoint),
      }),
    ),
  ),
})
export type Service = Type.Static<typeof Service>

/** What an environment uses just now. */
export const Stats = Type.Object({
  /** Cores in use, 0.25 is a quarter of one. */
  cpu: Type.Number(),
  memoryBytes: Type.Integer(),
  processes: Type.Integer(),
  hosts: Type.Array(Type.Object({ name: Type.String(), cpu: Type.Number(), memoryBytes: Type.Integer(), processes: Type.Integer() })),
})
export type Stats = Type.Static<typeof Stats>

export const TemplateRef = Type.Object({ name: Name, version: Type.Integer({ minimum: 1 }) })

export const Environment = Type.Object(
  {
    id: ConfigId,
    name: Name,
    /** `build`: it belongs to a build and goes away with it. */
    kind: literals(['clone', 'attachment', 'build']),
    provider: Type.String(),
    template: Nullable(TemplateRef),
    owner: Type.String(),
    /** The user whose it is; null: it was made with a token that has no user, or its owner was deleted. */
    ownerId: Nullable(Type.String()),
    /** Since when nobody answers for it: its owner was deactivated, and there was neither an heir nor a manager. */
    orphanedAt: Nullable(Timestamp),
    labels: Labels,
    state: EnvironmentState,
    desired: DesiredState,
    reason: Reason,
    services: Type.Array(Service),
    hosts: Type.Array(Host),
    createdAt: Timestamp,
    stateChangedAt: Timestamp,
    /** What the gateway last saw of somebody who uses it; null: nobody did yet. Probes and health checks are no use. */
    lastActivity: Nullable(LastActivity),
    suspendAfterMs: Nullable(Type.Integer()),
    /** An attachment that is not renewed lapses then. */
    expiresAt: Nullable(Timestamp),
    /** In the trash until then; null: not in the trash. */
    purgeAt: Nullable(Timestamp),
    /** Disk that it holds by itself, as last measured; null: not known. What it shares with its template is the template's. */
    storageBytes: Nullable(Type.Integer()),
    /** Sequence number of the last event that changed it. */
    revision: Type.Integer(),
    /** Only where asked for with `stats=true`, and only what runs. */
    stats: Type.Optional(Nullable(Stats)),
  },
  { $id: 'Environment' },
)
export type Environment = Type.Static<typeof Environment>

export const EnvironmentPage = Page(Environment)

/** All that are given must hold. */
export const ListEnvironmentsQuery = Type.Object(
  {
    ...pageQuery,
    state: Type.Optional(EnvironmentState),
    name: Type.Optional(Type.String({ maxLength: 63 })),
    owner: Type.Optional(Type.String({ maxLength: 200 })),
    orphaned: Type.Optional(Type.Boolean({ description: 'Those whose owner is gone and that nobody was given; false: the others' })),
    template: Type.Optional(Type.String({ maxLength: 140, description: '`shop`, or `shop@7` for that version only' })),
    label: Type.Optional(Type.Array(Type.String(), { maxItems: 32, description: '`key=value`; may be repeated' })),
    deleted: Type.Optional(Type.Boolean({ description: 'Those in the trash, and only those' })),
    stats: Type.Optional(Type.Boolean({ description: 'Add what each uses just now' })),
  },
  { additionalProperties: false },
)
export type ListEnvironmentsQuery = Type.Static<typeof ListEnvironmentsQuery>

/** An address and a port, with its share of the requests beside the others where that isn't 1. */
export const AttachEndpoint = Type.Union([
  HostPort,
  Type.Object({ address: HostPort, weight: Type.Integer({ minimum: 0, maximum: 1000 }) }, { additionalProperties: false }),
])
const attachEndpoints = Type.Array(AttachEndpoint, { minItems: 1, maxItems: 256 })

export const AttachService = Type.Object(
  {
    name: Name,
    endpoints: attachEndpoints,
    /** How the gateway treats it; absent: with the defaults. */
    policy: Type.Optional(RoutePolicy),
    /** Paths that other endpoints answer; one without a policy has that of the service. */
    paths: Type.Optional(
      Type.Array(
        Type.Object({ path: PathPrefix, endpoints: attachEndpoints, policy: Type.Optional(RoutePolicy) }, { additionalProperties: false }),
        { maxItems: 64 },
      ),
    ),
  },
  { additionalProperties: false },
)
export type AttachService = Type.Static<typeof AttachService>

/** Exactly one of `template` and `provider: attach` with `services`. */
export const CreateEnvironment = Type.Object(
  {
    name: Type.Optional(Name),
    /** `shop`, `shop@7` or `shop:stable`. */
    template: Type.Optional(Type.String()),
    provider: Type.Optional(Type.String()),
    services: Type.Optional(Type.Array(AttachService, { minItems: 1 })),
    /** Of an attachment: requests that only look whether it is there. A template brings its own. */
    probes: Type.Optional(Type.Array(Probe, { maxItems: 64 })),
    /** Milliseconds until an attachment lapses unless it is attached again. */
    ttlMs: Type.Optional(Nullable(Type.Integer({ minimum: 1 }))),
    labels: Type.Optional(Labels),
    desired: Type.Optional(literals(['running', 'stopped'])),
  },
  { additionalProperties: false },
)
export type CreateEnvironment = Type.Static<typeof CreateEnvironment>

/** What a host of an environment is going to be. */
export const PlannedHost = Type.Object({ name: Name, instances: Type.Integer({ minimum: 0 }), resources: Resources })
export type PlannedHost = Type.Static<typeof PlannedHost>

/** What `POST /v1/environments` with the same body would make, and whether it would be allowed. */
export const EnvironmentPlan = Type.Object(
  {
    /** Null: it gets one of its template and its configId. */
    name: Nullable(Name),
    provider: Type.String(),
    template: Nullable(TemplateRef),
    owner: Type.String(),
    labels: Labels,
    desired: literals(['running', 'stopped']),
    hosts: Type.Array(PlannedHost),
    /** Disk that it begins with by itself: nothing to speak of where its template's files are shared with it. Null: not known. */
    storageBytes: Nullable(Type.Integer()),
    /** What its template takes; null: it has none. */
    templateBytes: Nullable(Type.Integer()),
    admitted: Type.Boolean(),
    /** Who does not admit it, and why. */
    refusal: Nullable(Type.Object({ plugin: Type.String(), code: Type.String(), message: Type.String(), hint: Nullable(Type.String()) })),
  },
  { $id: 'EnvironmentPlan' },
)
export type EnvironmentPlan = Type.Static<typeof EnvironmentPlan>

export const UpdateEnvironment = Type.Object(
  {
    name: Type.Optional(Name),
    labels: Type.Optional(Labels),
    suspendAfterMs: Type.Optional(Nullable(Type.Integer({ minimum: 0 }))),
    /** Id or userName of the user who gets it. */
    owner: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  { additionalProperties: false },
)
export type UpdateEnvironment = Type.Static<typeof UpdateEnvironment>

export const environmentActions = ['start', 'suspend', 'resume', 'stop', 'undelete'] as const
export type EnvironmentAction = (typeof environmentActions)[number]
export const ActionBody = Type.Object({ reason: Type.Optional(Type.String({ maxLength: 500 })) }, { additionalProperties: false })

export type ActionBody = Type.Static<typeof ActionBody>

export const DeleteEnvironmentQuery = Type.Object(
  {
    purge: Type.Optional(Type.Boolean({ description: 'Delete the data at once; nothing can be undone' })),
    reason: Type.Optional(Type.String({ maxLength: 500 })),
  },
  { additionalProperties: false },
)
export type DeleteEnvironmentQuery = Type.Static<typeof DeleteEnvironmentQuery>

export const LogsQuery = Type.Object(
  {
    host: Type.Optional(Type.String({ maxLength: 63 })),
    since: Type.Optional(Type.Integer({ description: 'Milliseconds since the epoch, inclusive' })),
    until: Type.Optional(Type.Integer({ description: 'Milliseconds since the epoch' })),
    tail: Type.Optional(Type.Integer({ minimum: 0, description: 'Only the last so many lines' })),
    follow: Type.Optional(Type.Boolean({ description: 'Go on with new lines' })),
  },
  { additionalProperties: false },
)
export type LogsQuery = Type.Static<typeof LogsQuery>

/**
 * The WebSocket's frames are binary; the first byte is the channel. To the server: 0 standard input (empty: its end),
 * 4 `{columns, rows}` as JSON. From the server: 1 standard output, 2 standard error, 3 `{exitCode, signal}` as JSON.
 */
export const ExecQuery = Type.Object(
  {
    host: Type.Optional(Type.String({ maxLength: 63 })),
    ordinal: Type.Optional(Type.Integer({ minimum: 1 })),
    tty: Type.Optional(Type.String({ pattern: '^[0-9]{1,4}x[0-9]{1,4}$', description: 'Columns x rows; absent: no terminal' })),
    arg: Type.Array(Type.String(), { minItems: 1, description: 'The command, an argument each' }),
  },
  { additionalProperties: false },
)
export type ExecQuery = Type.Static<typeof ExecQuery>

export const LogLine = Type.Object({
  at: Timestamp,
  host: Type.String(),
  instance: Type.String(),
  stream: literals(['stdout', 'stderr', 'system']),
  line: Type.String(),
})
export type LogLine = Type.Static<typeof LogLine>

/** One batch from the gateway: who was used last, when, by what. */
export const ActivityReport = Type.Object({
  items: Type.Array(Type.Object({ environment: Type.Integer(), at: Timestamp, cause: Type.String({ maxLength: 200 }) }), {
    maxItems: 20_000,
  }),
})
export type ActivityReport = Type.Static<typeof ActivityReport>
