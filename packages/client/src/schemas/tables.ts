import Type from 'typebox'
import { Nullable } from './common.ts'
import { Endpoint, EnvironmentState } from './environments.ts'
import { InjectedFault, Probe, RoutePolicy } from './policy.ts'

/**
 * What followers hold: one immutable entry per environment, replaced as a whole. See docs/reference/watch.md for the
 * protocol that carries them.
 */

export const Route = Type.Object({
  /** The host name that is matched, without port: `www-1001.test-envs.localhost`. */
  host: Type.String(),
  service: Type.String(),
  endpoints: Type.Array(Endpoint),
  /** Only paths below this one: `/api` matches `/api` and `/api/x`, not `/apix`. The longest of a host wins. Absent: all. */
  path: Type.Optional(Type.String({ pattern: '^/' })),
  /** A name given to the environment besides its own: `demo.<domain>`. */
  alias: Type.Optional(Type.Boolean()),
  policy: Type.Optional(RoutePolicy),
  faults: Type.Optional(Type.Array(InjectedFault)),
})
export type Route = Type.Static<typeof Route>

/** One host on its way: how many of its instances take traffic, of how many. */
export const HostProgress = Type.Object({ name: Type.String(), ready: Type.Integer(), wanted: Type.Integer() })
export type HostProgress = Type.Static<typeof HostProgress>

/** All routes of one environment. */
export const RouteEntry = Type.Object(
  {
    environment: Type.Integer(),
    name: Type.String(),
    state: EnvironmentState,
    /** In words, for the page that a visitor sees. */
    reason: Type.String(),
    revision: Type.Integer(),
    routes: Type.Array(Route),
    /** How far its hosts are, for the page that shows a visitor what is awaited. */
    hosts: Type.Optional(Type.Array(HostProgress)),
    probes: Type.Optional(Type.Array(Probe)),
  },
  { $id: 'RouteEntry' },
)
export type RouteEntry = Type.Static<typeof RouteEntry>

export const HostRecord = Type.Object({
  /** A name of an instance, `web-1`, or of a host, `web`: fully qualified, without the last dot. */
  name: Type.String(),
  /** IPv4 or IPv6 addresses. Empty: the name exists and has none just now, which is another answer than that there is no such name. */
  addresses: Type.Array(Type.String()),
  /** Whether the addresses' PTR records point to this name: instance names only, so that each address has one. */
  ptr: Type.Boolean(),
})
export type HostRecord = Type.Static<typeof HostRecord>

/**
 * All records of one environment. `services` are the names of its services (`www`): `<service>-<id>.<domain>` answers with
 * the gateway's addresses.
 */
export const RecordEntry = Type.Object(
  {
    environment: Type.Integer(),
    state: EnvironmentState,
    owner: Type.String(),
    revision: Type.Integer(),
    services: Type.Array(Type.String()),
    /** Further host names that lead to the gateway: `demo.<domain>`. */
    aliases: Type.Optional(Type.Array(Type.String())),
    records: Type.Array(HostRecord),
  },
  { $id: 'RecordEntry' },
)
export type RecordEntry = Type.Static<typeof RecordEntry>

/** First event of a watch, `event: snapshot`. */
export const Snapshot = Type.Object({
  /** Names this store; a follower that sees another epoch throws its table away. */
  epoch: Type.String(),
  revision: Type.Integer(),
  domain: Type.String(),
  /** Addresses of the gateway, for the resolver. */
  gateway: Type.Array(Type.String()),
  /** The port that the gateway takes requests on, for SRV records. */
  gatewayPort: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
  /** The first configId that was never given out: an unknown one below it was deleted. */
  nextId: Type.Integer(),
  items: Type.Array(Type.Unknown()),
})

/** `event: delta`. Exactly one of `put` and `remove` is not null. */
export const Delta = Type.Object({ revision: Type.Integer(), put: Nullable(Type.Unknown()), remove: Nullable(Type.Integer()) })

/** `event: heartbeat`, every two seconds: a follower that hears nothing for three of them has a dead link. */
export const Heartbeat = Type.Object({ revision: Type.Integer() })

export const WatchQuery = Type.Object(
  {
    watch: Type.Optional(Type.Literal('1', { description: 'Snapshot, then every change, as server-sent events' })),
    after: Type.Optional(
      Type.String({ pattern: '^[^:]+:[0-9]+$', description: '`<epoch>:<revision>` that was applied last; `Last-Event-ID` does the same' }),
    ),
  },
  { additionalProperties: false },
)
export type WatchQuery = Type.Static<typeof WatchQuery>

export interface TableSnapshot<T> {
  epoch: string
  revision: number
  domain: string
  gateway: string[]
  gatewayPort?: number
  nextId: number
  items: T[]
}
export interface TableDelta<T> {
  revision: number
  put: T | null
  remove: number | null
}
