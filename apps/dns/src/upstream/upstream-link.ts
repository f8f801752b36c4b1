import type { UpstreamServer } from '../dnsmasq/settings.ts'
import type { Attempt } from './attempt.ts'
import type { RandomOctets } from './random-octets.ts'
import { RoundTrips } from './round-trips.ts'
import { StreamConnections } from './stream-connections.ts'
import { UdpSockets } from './udp-sockets.ts'
import { upstreamLabel } from './upstream-address.ts'
import { type HealthState, UpstreamHealth } from './upstream-health.ts'

/** Milliseconds for which a weakness of an upstream is remembered; it may be replaced by a better one meanwhile. */
const weaknessMs = 600_000

/** What happened with one upstream; numbers that only grow. */
export interface UpstreamCounters {
  asked: number
  answered: number
  /** Attempts to which nothing came in time. */
  silent: number
  /** Those that the system, or TLS, had no way for. */
  unreachable: number
  /** SERVFAIL, REFUSED and other errors, referrals, and replies that were no use. */
  unfit: number
  truncated: number
  /** Replies that someone else may have sent. */
  suspicious: number
}

/** One upstream as the forwarder has it: its sockets and connections, its health, what it can't do. */
export class UpstreamLink {
  readonly server: UpstreamServer
  readonly label: string
  readonly health: UpstreamHealth
  readonly counters: UpstreamCounters = { asked: 0, answered: 0, silent: 0, unreachable: 0, unfit: 0, truncated: 0, suspicious: 0 }
  readonly roundTrips = new RoundTrips()
  readonly #udp: UdpSockets
  readonly #streams: StreamConnections
  #losesCaseUntil = 0
  #withoutEdnsUntil = 0

  constructor(
    server: UpstreamServer,
    random: RandomOctets,
    options: { onChange?: (state: HealthState, reason: string) => void; idleMs?: number | undefined } = {},
  ) {
    this.server = server
    this.label = upstreamLabel(server)
    this.health = new UpstreamHealth(options.onChange)
    this.#udp = new UdpSockets(server, random)
    this.#streams = new StreamConnections(server, random, options.idleMs)
  }

  get isSecured(): boolean {
    return this.server.tls !== undefined
  }

  /** Whether it gives letters back in the case in which it got them. Most do. */
  keepsCase(now: number): boolean {
    return now >= this.#losesCaseUntil
  }

  /** To be told only of what came over a connection: over UDP anybody could say so. */
  lostCase(now: number): void {
    this.#losesCaseUntil = now + weaknessMs
  }

  takesEdns(now: number): boolean {
    return now >= this.#withoutEdnsUntil
  }

  refusedEdns(now: number): void {
    this.#withoutEdnsUntil = now + weaknessMs
  }

  /** False: too many are under way. */
  send(attempt: Attempt, now: number): boolean {
    this.counters.asked++
    return attempt.overStream ? this.#streams.send(attempt, now) : this.#udp.send(attempt, now)
  }

  /** Whether anything is open that has to be looked after. */
  get isOpen(): boolean {
    return this.#udp.size > 0 || this.#streams.size > 0
  }

  sweep(now: number): void {
    this.#udp.sweep(now)
    this.#streams.sweep(now)
  }

  close(): void {
    this.#udp.close()
    this.#streams.close()
  }
}
