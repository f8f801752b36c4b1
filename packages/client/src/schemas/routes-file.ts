import Type from 'typebox'
import { ConfigId, HostPort, Name, Timestamp } from './common.ts'
import { InjectedFault, PathPrefix, Probe, RoutePolicy } from './policy.ts'

/** What `standin gateway --routes` serves without a control plane: YAML or JSON. See docs/guide/gateway-alone.md. */

const closed = { additionalProperties: false } as const

const EndpointInFile = Type.Union(
  [
    HostPort,
    Type.Object(
      {
        address: Type.String({ minLength: 1, maxLength: 300, description: '`127.0.0.1:9000`, or without the port' }),
        port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, description: 'Where the address has none' })),
        weight: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000, description: 'Its share beside the others; default 1' })),
      },
      closed,
    ),
  ],
  { description: '`127.0.0.1:9000`, or `{address: "127.0.0.1:9000", weight: 3}`' },
)

/** A fault of a routes file: on every request and for ever, unless it says otherwise. */
export const FaultInFile = Type.Object(
  {
    id: Type.Optional(Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9._-]+$', description: 'Default: its kind' })),
    kind: InjectedFault.properties.kind,
    delayMs: InjectedFault.properties.delayMs,
    status: InjectedFault.properties.status,
    bytesPerSecond: InjectedFault.properties.bytesPerSecond,
    percent: Type.Optional(InjectedFault.properties.percent),
    header: InjectedFault.properties.header,
    path: InjectedFault.properties.path,
    expiresAt: Type.Optional(Timestamp),
  },
  { ...closed, $id: 'FaultInFile' },
)
export type FaultInFile = Type.Static<typeof FaultInFile>

/** With `environment`, it is `<service>-<environment>.<domain>`; with `host`, that name. Both: a further name of the environment. */
export const RouteInFile = Type.Object(
  {
    environment: Type.Optional(ConfigId),
    service: Type.Optional(Type.Union([Name], { description: 'Default `www`' })),
    host: Type.Optional(Type.String({ minLength: 1, maxLength: 253, description: 'A host name, without port' })),
    path: Type.Optional(PathPrefix),
    endpoints: Type.Array(EndpointInFile, { maxItems: 1000 }),
    policy: Type.Optional(RoutePolicy),
    faults: Type.Optional(Type.Array(FaultInFile, { maxItems: 100 })),
  },
  { ...closed, $id: 'RouteInFile' },
)
export type RouteInFile = Type.Static<typeof RouteInFile>

export const RoutesFile = Type.Object(
  {
    /** Needed by routes with an `environment` and no `host`. */
    domain: Type.Optional(Type.String({ minLength: 1, maxLength: 253, description: 'Below it are the names of environments' })),
    routes: Type.Array(RouteInFile, { maxItems: 100_000 }),
    /** Not counted as use in the access log and the metrics. */
    probes: Type.Optional(Type.Array(Probe, { maxItems: 100 })),
  },
  { ...closed, $id: 'RoutesFile' },
)
export type RoutesFile = Type.Static<typeof RoutesFile>
