import type { Probe } from '@standin/client'

/** What a socket listens on; port 0 is any free one. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Everything that the command line decides. Plain data: workers get it as it is. */
export interface GatewayConfig {
  /** STANDIN_HOME: the last good table is kept below it, and control is found by what it writes there. */
  readonly home: string
  /** Null: no plain HTTP. */
  readonly http: ListenAddress | null
  /** Null: no TLS. */
  readonly https: ListenAddress | null
  readonly admin: ListenAddress | null
  /** Who asks the admin listener has to show what this file holds. */
  readonly adminTokenFile: string | null
  /** Null: certificates are minted. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null
  /** Plain HTTP is answered with where the same is over TLS. */
  readonly redirect: boolean
  /** Networks of proxies whose `X-Forwarded-*` and `Forwarded` are believed. */
  readonly trusted: readonly string[]
  /** Networks of those who begin every connection with a PROXY header. */
  readonly proxyProtocol: readonly string[]
  /** Who wakes nothing, of any environment. */
  readonly probes: readonly Probe[]
  /** A routes file in place of a control plane; null: control. */
  readonly routes: string | null
  /** Address of control; undefined: as `run/control.json` below the home says. */
  readonly control: string | undefined
  readonly tokenFile: string | undefined
  readonly workers: number
  /** Another gateway may listen on the same ports still. */
  readonly takeOver: boolean
  /** How long what is under way may go on once the gateway was told to stop. */
  readonly drainMs: number
  readonly limits: ConnectionLimits
  readonly clientLimits: ClientLimits
}

export interface ConnectionLimits {
  /** Of one process. */
  readonly connections: number
  /** From one address, of one process; null: 1024, and as many as it likes from this machine. */
  readonly connectionsPerClient: number | null
}

/** What clients may take, in time and in memory. */
export interface ClientLimits {
  /** Of the head of a request; with HTTP/2, of its fields as RFC 9113, section 6.5.2, counts them. */
  readonly headerBytes: number
  /** How long after its first byte a head has to be complete, ms. */
  readonly headerMs: number
  /** How long a connection may wait for its next request, ms. */
  readonly idleMs: number
  /** How long a client may keep back the body of a request, or not take what was sent to it, without a byte getting on, ms. */
  readonly stallMs: number
  /** How long after it was accepted a connection has to be through its TLS handshake, ms. */
  readonly handshakeMs: number
}

export const defaultClientLimits: ClientLimits = {
  headerBytes: 64 * 1024,
  headerMs: 20_000,
  idleMs: 65_000,
  stallMs: 60_000,
  handshakeMs: 10_000,
}
