import type { Balance, RoutePolicy } from '@standin/client'

/** What the endpoints of a pool speak. */
export type UpstreamProtocol = 'http/1.1' | 'h2c'

export interface HealthPolicy {
  readonly path: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly unhealthyAfter: number
  readonly healthyAfter: number
}

/** A route's policy with everything that it leaves unsaid. Times in ms. */
export interface PoolPolicy {
  readonly balance: Balance
  readonly protocol: UpstreamProtocol
  /** Version of the PROXY header that connections begin with; null: none. */
  readonly sendProxy: 'v1' | 'v2' | null
  readonly health: HealthPolicy | null
  readonly ejectAfter: number
  readonly ejectForMs: number
  readonly panicBelowPercent: number
  /** Connections to one endpoint at most. */
  readonly connections: number
  /** Requests under way that one endpoint gets at most. */
  readonly perEndpoint: number
  readonly requests: number
  readonly pending: number
  readonly pendingMs: number
  readonly retryBudgetPercent: number
  readonly slowStartMs: number
}

/** What a server of HTTP/2 lets go on in one connection at least, where it has any sense (RFC 9113, section 6.5.2). */
const streamsPerConnection = 100

const resolve = (policy: RoutePolicy): PoolPolicy => {
  const { protocol = 'http/1.1', sendProxy = null, connections = 1_024, health, eject } = policy
  return {
    balance: policy.balance ?? 'round-robin',
    protocol,
    sendProxy,
    health:
      health === undefined
        ? null
        : {
            path: health.path,
            intervalMs: health.intervalMs ?? 5_000,
            timeoutMs: health.timeoutMs ?? 2_000,
            unhealthyAfter: health.unhealthyAfter ?? 3,
            healthyAfter: health.healthyAfter ?? 2,
          },
    ejectAfter: eject?.failures ?? 5,
    ejectForMs: eject?.forMs ?? 10_000,
    panicBelowPercent: policy.panicBelowPercent ?? 50,
    connections,
    perEndpoint: protocol === 'h2c' && sendProxy === null ? connections * streamsPerConnection : connections,
    requests: policy.requests ?? 10_000,
    pending: policy.pending ?? 1_000,
    pendingMs: policy.pendingMs ?? 10_000,
    retryBudgetPercent: policy.retryBudgetPercent ?? 20,
    slowStartMs: policy.slowStartMs ?? 0,
  }
}

/** Of nearly all routes. */
export const defaultPolicy = resolve({})

export const poolPolicy = (policy: RoutePolicy | undefined): PoolPolicy => (policy === undefined ? defaultPolicy : resolve(policy))
