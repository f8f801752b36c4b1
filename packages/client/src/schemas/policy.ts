import Type from 'typebox'
import { literals, Timestamp } from './common.ts'

/** How the gateway treats a service: what a blueprint's `x-standin.publish`, a routes file and the table of routes say alike. */

const closed = { additionalProperties: false } as const
const milliseconds = (description: string, minimum = 1) => Type.Optional(Type.Integer({ minimum, maximum: 86_400_000, description }))
const count = (description: string, maximum = 1_000_000) => Type.Optional(Type.Integer({ minimum: 1, maximum, description }))

/** A token (RFC 9110, section 5.6.2), and a value (section 5.5). */
export const headerNamePattern = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
export const headerValuePattern = '^[\\t\\x20-\\x7e\\x80-\\xff]*$'

/** `/api` is the path `/api` and all below `/api/`. Segments as of RFC 3986, section 3.3, none of them empty. */
export const pathPrefixPattern = "^(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+$"
export const PathPrefix = Type.String({
  pattern: pathPrefixPattern,
  maxLength: 1000,
  description: 'Beginning of a path: `/api` is `/api` and `/api/x`, not `/apix`',
})

export const balances = ['round-robin', 'least-connections', 'two-choices', 'sticky'] as const
export type Balance = (typeof balances)[number]

export const RoutePolicy = Type.Object(
  {
    balance: Type.Optional(
      literals(balances, 'Which endpoint is next: in turn, the least busy, the less busy of two, or the one that the cookie names'),
    ),
    protocol: Type.Optional(literals(['http/1.1', 'h2c'] as const, 'What the endpoints speak; gRPC needs `h2c`')),
    sendProxy: Type.Optional(
      literals(
        ['v1', 'v2'] as const,
        'Begin every connection with a PROXY header of this version, which tells the address of the client; each request has a connection of its own',
      ),
    ),
    health: Type.Optional(
      Type.Object(
        {
          path: Type.String({ pattern: '^/', description: 'Asked of every endpoint; an answer below 400 is well' }),
          intervalMs: milliseconds('Default 5 s', 100),
          timeoutMs: milliseconds('Default 2 s'),
          unhealthyAfter: count('Failures in a row until an endpoint gets no more requests; default 3'),
          healthyAfter: count('Successes in a row until it gets them again; default 2'),
        },
        { ...closed, description: 'Active health checks; without it there are none' },
      ),
    ),
    eject: Type.Optional(
      Type.Object(
        {
          failures: count('Failures in a row (no connection, no answer, 502, 503, 504) until an endpoint is left out; default 5'),
          forMs: milliseconds('How long, times the number of ejections in a row; default 10 s'),
        },
        { ...closed, description: 'Passive health checks; on by default' },
      ),
    ),
    panicBelowPercent: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 100, description: 'If fewer than this are well, all are used; default 50' }),
    ),
    connections: count('Connections to one endpoint; default 1024'),
    requests: count('Requests in flight to the pool; default 10000'),
    pending: count('Requests that may wait for one of these; default 1000'),
    pendingMs: milliseconds('How long they wait; default 10 s'),
    retryBudgetPercent: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 100, description: 'Retries as a share of requests; default 20, and always ten a second' }),
    ),
    slowStartMs: milliseconds('A new endpoint gets its full share only after this time; default none'),
  },
  { ...closed, $id: 'RoutePolicy' },
)
export type RoutePolicy = Type.Static<typeof RoutePolicy>

export const faultKinds = ['delay', 'abort', 'reset', 'throttle'] as const
export type FaultKind = (typeof faultKinds)[number]

/** A failure made on purpose, for part of a service's requests. Ends by itself. */
export const InjectedFault = Type.Object(
  {
    id: Type.String(),
    kind: literals(faultKinds, 'Wait first; answer with an error; reset the connection; send the body slowly'),
    /** Of `delay`. */
    delayMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 600_000 })),
    /** Of `abort`. */
    status: Type.Optional(Type.Integer({ minimum: 400, maximum: 599 })),
    /** Of `throttle`. */
    bytesPerSecond: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
    /** Share of the requests. */
    percent: Type.Integer({ minimum: 1, maximum: 100 }),
    /** Only requests with this header; without a value, any value. */
    header: Type.Optional(
      Type.Object(
        {
          name: Type.String({ pattern: headerNamePattern, maxLength: 200 }),
          value: Type.Optional(Type.String({ pattern: headerValuePattern, maxLength: 1000 })),
        },
        closed,
      ),
    ),
    /** Only requests below this path. */
    path: Type.Optional(PathPrefix),
    expiresAt: Timestamp,
  },
  { ...closed, $id: 'InjectedFault' },
)
export type InjectedFault = Type.Static<typeof InjectedFault>

/** Who only looks whether an environment is there: wakes nothing, and does not count as activity. All that are given must match. */
export const Probe = Type.Object(
  {
    userAgent: Type.Optional(Type.String({ maxLength: 200, description: 'The beginning of `User-Agent`: `kube-probe/`' })),
    path: Type.Optional(Type.String({ pattern: '^/', maxLength: 1000, description: 'The exact path: `/healthz`' })),
    network: Type.Optional(Type.String({ maxLength: 64, description: 'Where it comes from: `10.0.0.0/8`' })),
  },
  { ...closed, minProperties: 1, $id: 'Probe' },
)
export type Probe = Type.Static<typeof Probe>
