import type { ForwardingSettings, UpstreamServer } from '../dnsmasq/settings.ts'
import type { WireName } from '../wire/name.ts'
import type { Source } from '../wire/source.ts'
import type { HealthState } from './upstream-health.ts'

export interface ForwarderOptions {
  /** Default: as without a configuration file, with a larger cache. */
  readonly settings?: ForwardingSettings
  /** Octets of the cache. */
  readonly cacheBytes?: number
  /** Seconds that an answer is held after its time, for when no upstream can be reached; 0: not at all. */
  readonly staleFor?: number
  /** Milliseconds after which it is SERVFAIL. */
  readonly deadlineMs?: number
  /** Questions that may be under way at once. */
  readonly limit?: number
  /** Milliseconds after which a connection that nobody uses is closed. */
  readonly idleMs?: number
  readonly onHealth?: (upstream: UpstreamServer, state: HealthState, reason: string) => void
  /** What our questions are known by when they come back: eight octets, the same for all processes of a resolver. Default: random ones. */
  readonly identity?: Buffer | undefined
  /** A question of ours came back from `source`; told once a minute at most. */
  readonly onLoop?: (name: WireName, source: Source) => void
  /** `name`: as it stands in the question, in lower case. */
  readonly onRebind?: (name: WireName, upstream: UpstreamServer) => void
}
