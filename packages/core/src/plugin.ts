import type { Environment, EnvironmentPlan, Event, Fault, Permission, PlannedHost, PluginSection, Scope, UserRights } from '@standin/client'
import type { StandinClient } from '@standin/client/connect'
import type { FastifyPluginAsync } from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { Logger } from './provider.ts'

/**
 * The plugin contract. A plugin works on environments through the client and nothing else, so that the same plugin runs
 * inside of control or beside it. What the host promises, and what it asks for:
 *
 * - `setup` has no side effects: it reads its configuration and returns what there is to call. Work begins in `start`.
 * - Events come at least once, in order, one at a time, from where the plugin stopped. The one that was being handled
 *   when control died, or that was answered with an error, comes again.
 * - Each time of a schedule is one run, whatever restarts in between; a run that was cut short by the end of control is
 *   called once more under the same id.
 * - A plugin that throws is called again later; one that never returns is given up and set up anew, and what is left of
 *   the old one can do nothing any more: its client, its store, its clock refuse.
 * - Everything that a plugin writes is bounded: log lines, values, requests that change something.
 */
export interface Plugin<C = unknown> {
  /** A DNS label, `suspend`: its name in the list, its routes, its metrics, and who did it (`plugin:suspend`). */
  readonly id: string
  /** One sentence for the list. */
  readonly summary?: string
  /**
   * Validates, documents and types the configuration: TypeBox, or the JSON Schema that it stands for. An object without
   * `additionalProperties: false` is taken to have it. Defaults are filled in.
   */
  readonly config: TSchema
  /** The least scope of token that its client needs; default `write`. */
  readonly scope?: Scope
  /** Ids of plugins that start before it and stop after it. They have to be in the list. */
  readonly dependsOn?: readonly string[]
  /**
   * @param config what stands below `with`, validated, defaults filled in
   * @throws StandinError or any other: the plugin does not start, and is tried again later. The `errors` of a StandinError are told
   * each by itself, at its `path`, a JSON pointer below the configuration: `/markdown/0/folder`; with an empty one, at the plugin
   */
  setup(context: PluginContext, config: C): PluginHooks | Promise<PluginHooks>
}

/** A plugin whose configuration has the type that its schema says. */
export function definePlugin<const S extends TSchema>(plugin: Plugin<Static<S>> & { readonly config: S }): Plugin<Static<S>> {
  return plugin
}

/** What there is to call. Everything is optional. */
export interface PluginHooks {
  /**
   * Requests below `/v1/plugins/<id>`, in a server of the plugin's own. Reading needs a token with the scope `read`,
   * everything else one with `write`; `config: {scope: 'admin'}` of a route asks for more, `scope: null` for none at all.
   * `request.pluginCaller` tells who asks. A StandinError that is thrown becomes a problem document.
   */
  readonly routes?: FastifyPluginAsync
  readonly schedules?: readonly Schedule[]
  /** Only these are given to `onEvent`; default: all. The others count as handled. */
  readonly eventTypes?: readonly Event['type'][]
  /**
   * Where a plugin begins that was never here before: with the events from now on (the default), before `start` is called,
   * so that what `start` lists and what follows leave no gap; or with the oldest event that is kept.
   */
  readonly eventsFrom?: 'now' | 'beginning'
  /** Handled once it returns; an error has the same event come again, after a while that doubles up to five minutes. */
  onEvent?(event: Event, call: PluginCall): Promise<void>
  /** In the place of events that it was owed and that are no longer kept. Without it, the log tells of them. */
  onEventsLost?(lost: LostEvents, call: PluginCall): Promise<void>
  /**
   * Begin: read what is, open what is needed. Returns once that is done; what goes on after that ends with `signal`,
   * which fires when the plugin is stopped. No event and no run comes before it has returned.
   */
  start?(signal: AbortSignal): Promise<void>
  /**
   * Asked before anything is made, made to run, or given another owner or project, and before what is only planned; never before
   * something is suspended, stopped or deleted, nor when what somebody leaves behind is handed on. A StandinError `quota_exceeded`, or `not_admitted` for any other reason, refuses: its message is
   * what the person reads, or the visitor whose request would have woken it. Whatever else is thrown, two seconds without
   * an answer, and a plugin that does not run let it through, with a warning in the log and in the plugin's health.
   *
   * It is a question: change nothing and remember nothing, what is admitted may still not come about. Questions come one at
   * a time; what was admitted before is there (`client.environments` shows it) when the next one comes.
   */
  admit?(request: AdmissionRequest, call: PluginCall): Promise<void>
  /**
   * A section on an environment's page, in `standin show` and in `/v1/environments/<id>/sections`. One second; null: nothing
   * to say. It is asked for while somebody waits: have the answer at hand.
   */
  section?(environment: Environment, call: PluginCall): Promise<PluginSection | null>
  /**
   * What is wrong that a look at this machine tells and the configuration does not: a file that can't be read. Asked for by
   * `standin plugin check`, after `setup` and instead of `start`. Five seconds; change nothing.
   * @returns the faults, each with a JSON pointer to where it stands below `with`
   */
  check?(): Promise<readonly Fault[]>
  /** Nothing new will come: finish what is under way. Two seconds. */
  drain?(): Promise<void>
  /** Let go of everything. Called after a `start` that failed, too. Two seconds. */
  stop?(): Promise<void>
}

/** A call that the host waits for. */
export interface PluginCall {
  /** Fires when its time is over, and when the plugin is stopped. Give it to what waits. */
  readonly signal: AbortSignal
}

/** What somebody wants to be made, to run, or to be somebody else's. */
export interface AdmissionRequest {
  /** `run`: it exists, and does not run. `move`: it exists, and gets another owner or another label `project`; both are here as they would be. */
  readonly action: 'create' | 'run' | 'move'
  /** Who wants it: `token:alice`, `gateway` for a request that would wake it, `plugin:suspend`. */
  readonly actor: string
  /** Whose it is, or is going to be. */
  readonly owner: string
  /** Null: it gets one of its template and its configId. */
  readonly name: string | null
  readonly labels: Environment['labels']
  readonly template: Environment['template']
  /** configId of what exists; null: of what is to be created. */
  readonly environment: number | null
  /** All of them, whether they are to run at once or not. */
  readonly hosts: readonly PlannedHost[]
  /** Whether it is going to run: false for what is created to be stopped. */
  readonly desired: EnvironmentPlan['desired']
  /** Disk: what it holds by itself, as last measured; what it would begin with, of what is to be created. Null: not known. */
  readonly storageBytes: number | null
  /** Somebody only wants to know: nothing will be made. */
  readonly plan: boolean
}

/** Events `from` to `to`, both included, were pruned before they could be delivered. */
export interface LostEvents {
  readonly from: number
  readonly to: number
}

export interface Schedule {
  /** A DNS label: `nightly`. Due times are kept by it. */
  readonly id: string
  /**
   * Minute, hour, day of month, month, day of week: `0 20 * * 1-5`; `@daily` and its like. Where the clocks go forward,
   * a time of day that is left out falls on the first minute after the gap; where they go back, it comes once. Steps and
   * stars go by the minutes that there are.
   */
  readonly cron: string
  /** IANA name, `Europe/Berlin`; default `UTC`. */
  readonly timeZone?: string
  /** What becomes of times that passed while nobody was there: one run for all of them, or none. Default `once`. */
  readonly onMissed?: 'once' | 'skip'
  /** A run that takes longer is given up, ms; default ten minutes. */
  readonly timeoutMs?: number
  /** Called for each due time, never twice at once. An error makes the run a failed one; the next one comes when it is due. */
  run(run: ScheduledRun): Promise<void>
}

/** One run of a schedule. */
export interface ScheduledRun extends PluginCall {
  /** Of this run, also when it is called again because control died in the middle of it: fit to be an idempotency key. */
  readonly id: number
  readonly schedule: string
  /** When it was due, ms since the epoch; the first of those times where several were missed. */
  readonly dueAt: number
  /** 1, or more when it is called again. At most 3: a run that takes control down is not tried for ever. */
  readonly attempt: number
  /** It was due more than a minute ago. */
  readonly late: boolean
  /** A line of output, kept with the run: 64 KiB in all, what comes after that is cut off. */
  print(line: string): void
}

/** What a plugin is given. A plain object; never a container. */
export interface PluginContext {
  readonly id: string
  /**
   * The control plane, as `plugin:<id>`. Requests that change something wait their turn above a rate of 500 a second. Not
   * to be used before `start`: it throws `state_conflict` in `setup`.
   */
  readonly client: StandinClient
  /** Lines carry the plugin's id. More than 100 a second, after the first 1,000, are counted instead of written. */
  readonly log: Logger
  readonly clock: PluginClock
  readonly store: PluginStore
  readonly metrics: PluginMetrics
  /** Health as the list shows it, for what the host can't see by itself: a server elsewhere that does not answer. */
  readonly health: PluginHealth
}

/** Time as the host sees it: in tests it is set. Never ask Date for the time, nor wait with setTimeout. */
export interface PluginClock {
  /** Milliseconds since the epoch. */
  now(): number
  /** @throws the signal's reason when it fires; `interrupted` when the plugin is stopped */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined }

/**
 * Key to JSON value, the plugin's own, on disk once a promise resolves. Keys are 1 to 256 printable ASCII characters, values up to
 * 256 KiB as JSON, all of them together 256 MiB. Above 5,000 changes a second, after the first 50,000, they wait their turn.
 *
 * What must happen exactly once although events may come twice: keep the event's `seq` beside what was made of it, both in
 * one `write`, and pass over an event that is not greater.
 */
export interface PluginStore {
  /** Undefined where there is none. */
  get<T = JsonValue>(key: string): Promise<T | undefined>
  /** @throws StandinError `too_large`, `invalid` for a key or what is no JSON, `disk_full` */
  set(key: string, value: JsonValue): Promise<void>
  /** @returns whether it was there */
  delete(key: string): Promise<boolean>
  /**
   * Set to `next` only if it is `expected` now; undefined stands for absent in both. Equal is what is equal as JSON,
   * whatever the order of keys.
   * @returns whether it was
   */
  compareAndSet(key: string, expected: JsonValue | undefined, next: JsonValue | undefined): Promise<boolean>
  /** All of these or none: at most 10,000. @returns false, and nothing is changed, where something was not as expected */
  write(changes: readonly StoreChange[]): Promise<boolean>
  /** A page in the order of keys, by their bytes: those that begin with `prefix` and come after `after`; `limit` is 1,000 at most and by default. */
  list<T = JsonValue>(query?: StoreQuery): Promise<StoreEntry<T>[]>
  /** All of them, a page at a time. */
  iterate<T = JsonValue>(query?: Omit<StoreQuery, 'limit'>): AsyncIterable<StoreEntry<T>>
}

export interface StoreEntry<T = JsonValue> {
  readonly key: string
  readonly value: T
}

export interface StoreQuery {
  readonly prefix?: string
  readonly after?: string
  readonly limit?: number
}

export interface StoreChange {
  readonly key: string
  /** Undefined: delete it. */
  readonly value: JsonValue | undefined
  /** Only if it is this now; `undefined`: only if it is absent. Without the property: whatever it is. */
  readonly expected?: JsonValue | undefined
}

/**
 * Shown in `/v1/metrics` as `standin_plugin_<id>_<name>`. Names and labels are `[a-z][a-z0-9_]*`; at most 50
 * metrics, 1,000 combinations of labels each: further ones are counted together, under the label value `other`.
 */
export interface PluginMetrics {
  /** It only grows; its name ends in `_total`. The same name gives the same counter. @throws StandinError `invalid` */
  counter(name: string, options: MetricOptions): PluginCounter
  /** @throws StandinError `invalid` */
  gauge(name: string, options: MetricOptions): PluginGauge
}

export interface MetricOptions {
  readonly help: string
  readonly labels?: readonly string[]
}

export interface PluginCounter {
  inc(labels?: Readonly<Record<string, string>>, by?: number): void
}

export interface PluginGauge {
  set(value: number, labels?: Readonly<Record<string, string>>): void
  /** Forget all its values: before those that are now are set. */
  reset(): void
}

export interface PluginHealth {
  ok(): void
  /** @param message what does not work, in words; the first 500 characters are shown */
  degraded(message: string): void
}

/** Who sent a request to a plugin's route. */
export interface PluginCaller {
  /** `token:alice`. */
  readonly actor: string
  readonly name: string
  readonly scope: Scope
  /** Whose the token is, and what their roles are; null: nobody's, its scope alone counts. */
  readonly user: UserRights | null
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The least scope of a token; null: no token at all. */
    scope?: Scope | null
    /**
     * What a token of a user needs beside its scope; default: manager everywhere. `{rule: 'environment', role}` asks for a role on
     * the environment that `:ref` of the path names; with `token`, `seen` or `named` the route itself looks at
     * `request.pluginCaller.user`.
     */
    permission?: Permission
  }
  interface FastifyRequest {
    /** Of a plugin's route: null where the route asks for no token. */
    pluginCaller: PluginCaller | null
  }
}
