import Type from 'typebox'
import { Labels, literals, Name, Nullable } from './common.ts'
import { PathPrefix, Probe, RoutePolicy } from './policy.ts'

/**
 * A stack: what a blueprint says once it is parsed, with every default filled in. It is independent of the provider
 * and is kept with every template. All durations are milliseconds, all sizes bytes.
 *
 * Strings may still hold `${STANDIN_…}` variables: they differ from instance to instance and are filled in when a
 * process starts. Everything else was interpolated when the blueprint was read.
 */

/** `sh -c` text, or an argument vector that no shell touches. */
export const Command = Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String(), { minItems: 1 })])
export type Command = Type.Static<typeof Command>

export const Step = Type.Object({
  name: Type.String(),
  host: Name,
  run: Command,
  environment: Type.Record(Type.String(), Type.String()),
  /** Hosts that must be up (healthy, where they have a health check) before this step; those they depend on are too. */
  needs: Type.Array(Name),
  timeoutMs: Type.Integer({ minimum: 1 }),
})
export type Step = Type.Static<typeof Step>

export const Fixture = Type.Object({
  name: Type.String(),
  /** A CSV file, relative to the blueprint. Its first line names the columns. */
  csv: Nullable(Type.String()),
  /** Or a command on `host` that prints CSV. */
  command: Nullable(Command),
  /** Where `command` runs; null with a file. */
  host: Nullable(Name),
  columns: Type.Array(
    Type.Object({
      name: Type.String(),
      required: Type.Boolean(),
      unique: Type.Boolean(),
      /** A regular expression that the whole value must match. */
      pattern: Nullable(Type.String()),
    }),
  ),
  /** Gets the rows on its standard input, one JSON object a line. */
  loader: Step,
})
export type Fixture = Type.Static<typeof Fixture>

export const Check = Type.Object({
  name: Type.String(),
  host: Name,
  run: Nullable(Command),
  http: Nullable(
    Type.Object({
      port: Type.Integer({ minimum: 1, maximum: 65535 }),
      path: Type.String(),
      status: Type.Integer(),
      contains: Nullable(Type.String()),
    }),
  ),
  timeoutMs: Type.Integer({ minimum: 1 }),
})
export type Check = Type.Static<typeof Check>

/** How to know that an instance is well. Exactly one of `exec`, `http`, `tcp` is set. */
export const HealthCheck = Type.Object({
  exec: Nullable(Command),
  http: Nullable(Type.Object({ port: Type.Integer(), path: Type.String() })),
  tcp: Nullable(Type.Object({ port: Type.Integer() })),
  intervalMs: Type.Integer({ minimum: 1 }),
  timeoutMs: Type.Integer({ minimum: 1 }),
  retries: Type.Integer({ minimum: 1 }),
  startPeriodMs: Type.Integer({ minimum: 0 }),
  startIntervalMs: Type.Integer({ minimum: 1 }),
})
export type HealthCheck = Type.Static<typeof HealthCheck>

export const Mount = Type.Object({
  /** A named volume, or (always read-only) a file or folder that came with the blueprint. */
  kind: literals(['volume', 'bind']),
  source: Type.String(),
  /** Path within the host's directory; a leading `/` is that directory. */
  target: Type.String(),
  readOnly: Type.Boolean(),
})

/** What one instance of a host may take, as its blueprint declares it; null: it says nothing. No provider holds it to that. */
export const Resources = Type.Object({
  /** Cores, 0.5 is half of one. */
  cpus: Nullable(Type.Number()),
  memoryBytes: Nullable(Type.Integer()),
})
export type Resources = Type.Static<typeof Resources>

export const HostSpec = Type.Object({
  name: Name,
  replicas: Type.Integer({ minimum: 0, maximum: 100 }),
  /** Folder of the blueprint that is copied into the host's directory, and globs to leave out. */
  context: Nullable(Type.Object({ path: Type.String(), ignore: Type.Array(Type.String()) })),
  /** Entrypoint and command joined. */
  command: Command,
  /** Within the host's directory; `.` is that directory. */
  workingDir: Type.String(),
  environment: Type.Record(Type.String(), Type.String()),
  /** Container ports that the host says it listens on. */
  ports: Type.Array(Type.Integer({ minimum: 1, maximum: 65535 })),
  mounts: Type.Array(Mount),
  secrets: Type.Array(Type.Object({ name: Type.String(), target: Type.String() })),
  dependsOn: Type.Array(
    Type.Object({
      host: Name,
      condition: literals(['service_started', 'service_healthy', 'service_completed_successfully']),
      required: Type.Boolean(),
      restart: Type.Boolean(),
    }),
  ),
  healthCheck: Nullable(HealthCheck),
  restart: Type.Object({
    policy: literals(['no', 'always', 'on-failure', 'unless-stopped']),
    maxRetries: Nullable(Type.Integer({ minimum: 0 })),
  }),
  stopSignal: Type.String(),
  stopGraceMs: Type.Integer({ minimum: 0 }),
  resources: Resources,
})
export type HostSpec = Type.Static<typeof HostSpec>

const target = { host: Name, port: Type.Integer({ minimum: 1, maximum: 65535 }) }

export const Publish = Type.Object({
  service: Name,
  ...target,
  /** How the gateway treats it; absent: with the defaults. */
  policy: Type.Optional(RoutePolicy),
  /** Paths that other hosts answer, each with its own policy. */
  paths: Type.Optional(Type.Array(Type.Object({ path: PathPrefix, ...target, policy: Type.Optional(RoutePolicy) }))),
})
export type Publish = Type.Static<typeof Publish>

export const Stack = Type.Object(
  {
    name: Name,
    hosts: Type.Array(HostSpec),
    /** Named volumes: the data units of a clone. */
    volumes: Type.Array(Name),
    /** Secrets by name: a file that came with the blueprint, or the name of an environment variable of the builder. */
    secrets: Type.Array(Type.Object({ name: Type.String(), file: Nullable(Type.String()), environment: Nullable(Type.String()) })),
    publish: Type.Array(Publish),
    /** Requests that only look whether a clone is there; absent, as in templates of earlier versions: none. */
    probes: Type.Optional(Type.Array(Probe)),
    phases: Type.Object({ provision: Type.Array(Step), bootstrap: Type.Array(Step), configure: Type.Array(Step) }),
    fixtures: Type.Array(Fixture),
    checks: Type.Array(Check),
    launch: Type.Array(Step),
    /** Milliseconds without a request after which a clone may be suspended; null: never by itself. */
    suspendAfterMs: Nullable(Type.Integer({ minimum: 0 })),
    /** What of the application is asked whether it is busy before a clone is suspended; absent: nothing. */
    busy: Type.Optional(Type.Object({ service: Name, path: Type.String({ pattern: '^/' }) })),
    labels: Labels,
  },
  { $id: 'Stack' },
)
export type Stack = Type.Static<typeof Stack>
