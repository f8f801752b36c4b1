import type { Readable, Writable } from 'node:stream'
import type { Ability, Endpoint, Instance, LogLine, Probe, RoutePolicy, Stack, Stats, Step } from '@standin/client'
import type { TSchema } from 'typebox'

/**
 * The provider contract. A provider creates environments somewhere; it knows nothing of the store, of templates'
 * channels, of routes. Rules that the conformance suite (packages/testing) holds every provider to:
 *
 * - Each call names an environment by its configId and may be made again: `create` of what exists, `stop` of what is
 *   stopped, `purge` of what is gone all succeed without doing harm. Control is killed at any moment and calls again.
 * - Nothing lives outside what `list` reports: after `purge` no process, mount, directory or address is left.
 * - A call that takes an AbortSignal stops early when it fires and leaves a state from which it can be called again.
 * - Faults are StandinError with a code of the table; the message names host and instance.
 */
export interface Provider<C = unknown> {
  readonly id: string
  /** Validates, documents and types the configuration. */
  readonly config: TSchema
  open(context: ProviderContext, config: C): Promise<ProviderHandle>
}

/** A plain object; never a container. */
export interface ProviderContext {
  /** A directory of the provider's own; it exists. */
  readonly dataDir: string
  /** Directories that no process of an environment may see: secrets, the store, uploads. */
  readonly hiddenDirs: readonly string[]
  /** Base domain, for `<host>.<configId>.<domain>`. */
  readonly domain: string
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export interface Logger {
  debug(data: object, message?: string): void
  info(data: object, message?: string): void
  warn(data: object, message?: string): void
  error(data: object, message?: string): void
}

/** What can be told apart without looking at the instances. `absent` is what an unknown environment is. */
export type ObservedState = 'absent' | 'created' | 'starting' | 'running' | 'suspended' | 'stopped' | 'trashed' | 'failed'

export interface InstanceStatus extends Instance {
  readonly host: string
}

export interface Observed {
  readonly id: number
  readonly state: ObservedState
  readonly instances: readonly InstanceStatus[]
  /** Why it failed, where it did: `code` of the error table and words that name host and instance. */
  readonly failure: { readonly code: 'host_failed' | 'health_timeout' | 'provider_failed' | 'disk_full'; readonly message: string } | null
}

export interface EnvironmentSpec {
  readonly id: number
  readonly name: string
  readonly stack: Stack
  /**
   * Where it comes from: a baked template (the key given to `snapshot`), a blueprint's unpacked folder, or nowhere: what
   * is attached runs already, and its stack has no hosts.
   */
  readonly source:
    | { readonly kind: 'template'; readonly key: string }
    | { readonly kind: 'blueprint'; readonly dir: string }
    | { readonly kind: 'attachment'; readonly services: readonly AttachedService[]; readonly probes?: readonly Probe[] }
}

/** A service that runs already. The generation of an endpoint is when it was attached. */
export interface AttachedService {
  readonly name: string
  readonly endpoints: readonly Endpoint[]
  readonly policy?: RoutePolicy
  readonly paths?: readonly AttachedPath[]
}

/** A path of a service that other endpoints answer. */
export interface AttachedPath {
  readonly path: string
  readonly endpoints: readonly Endpoint[]
  /** Absent: that of the service. */
  readonly policy?: RoutePolicy
}

/** A step or check that is run on a host and waited for. */
export interface RunRequest {
  readonly step: Step
  /** Given to its standard input. */
  readonly input?: Readable | string
  /** Each line that it prints, as it comes. */
  readonly onLine?: (stream: 'stdout' | 'stderr', line: string) => void
  readonly signal?: AbortSignal
}

export interface RunResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null
  readonly signal: string | null
  readonly timedOut: boolean
  /** The last 20 lines, both streams, in order. */
  readonly tail: readonly string[]
}

export interface ExecRequest {
  readonly host: string
  /** Default: 1. */
  readonly ordinal?: number
  readonly command: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly workingDir?: string
  /** Give it a terminal of this size. */
  readonly tty?: { readonly columns: number; readonly rows: number }
}

export interface ExecSession {
  readonly stdin: Writable
  readonly stdout: Readable
  /** Empty with a terminal. */
  readonly stderr: Readable
  readonly exited: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>
  kill(signal: NodeJS.Signals): void
  /** Of its terminal, where it has one. */
  resize?(size: { readonly columns: number; readonly rows: number }): void
}

export interface LogQuery {
  readonly host?: string
  /** Milliseconds since the epoch, inclusive. */
  readonly since?: number
  readonly until?: number
  /** The last so many lines. */
  readonly tail?: number
  /** Go on with new lines until the signal fires. */
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

export type ProgressListener = (progress: {
  readonly host: string | null
  readonly step: string
  readonly status: 'started' | 'done' | 'failed'
  readonly durationMs: number | null
  readonly message: string | null
}) => void

export interface ProviderHandle {
  readonly can: Readonly<Record<Ability, boolean>>
  /** What is missing or slower here than it could be, a sentence each: for `standin doctor` and `GET /v1`. */
  readonly notes: readonly string[]

  /** All that exists, trash included. Called at start, for the comparison with the store. */
  list(): Promise<readonly Observed[]>
  observe(id: number): Promise<Observed>
  /** Called whenever something changed by itself or by a call: exits, health, restarts. Returns the unsubscribe. */
  onChange(listener: (observed: Observed) => void): () => void

  /** Files and addresses, nothing runs. */
  create(spec: EnvironmentSpec, options?: { signal?: AbortSignal; onProgress?: ProgressListener }): Promise<Observed>
  /**
   * Start `hosts` and all that they depend on (default: all), in dependency order, and wait until they are up: started,
   * healthy where there is a health check, completed where a dependant asks for that. What runs already is left alone.
   */
  start(id: number, options?: { hosts?: readonly string[]; signal?: AbortSignal; onProgress?: ProgressListener }): Promise<Observed>
  suspend(id: number): Promise<Observed>
  resume(id: number): Promise<Observed>
  stop(id: number, options?: { signal?: AbortSignal }): Promise<Observed>
  /** Only of what is stopped: keep the data aside, free everything else, addresses too. */
  trash(id: number): Promise<void>
  /** Back from the trash, as `stopped`. */
  restore(id: number): Promise<Observed>
  /** Stops it if need be; leaves nothing. */
  purge(id: number): Promise<void>

  /** Run a step on a host of an environment that is created or started; the host need not be up. */
  run(id: number, request: RunRequest): Promise<RunResult>
  exec(id: number, request: ExecRequest): Promise<ExecSession>
  logs(id: number, query: LogQuery): AsyncIterable<LogLine>
  stats(id: number): Promise<Stats>

  /**
   * Disk that an environment holds by itself, also in the trash: what would be free without it. Files that it shares with its
   * template count for nothing where the provider can tell them apart; where it can't (reflinks), they count as if they were
   * its own. May read every file of it: control asks for one environment of a provider at a time, and seldom. Only with the
   * ability `storage`.
   */
  storage(id: number, options?: { signal?: AbortSignal }): Promise<{ readonly bytes: number }>
  /** Bake a stopped environment's files into an immutable template. `key` is new; atomic: all or nothing. */
  snapshot(id: number, key: string): Promise<{ readonly sizeBytes: number }>
  /** Delete a template's files; control has made sure that nothing uses it. */
  deleteSnapshot(key: string): Promise<void>
  listSnapshots(): Promise<readonly string[]>

  /** Let go of everything without stopping it: environments outlive control. */
  close(): Promise<void>
}
