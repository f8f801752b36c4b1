import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** What whoever accepted a connection knows about it. */
export interface ConnectionInfo {
  /** Of the client, plain: `203.0.113.7`, `2001:db8::1`. From the PROXY header, where a listed peer sent one. */
  readonly address: string
  readonly clientPort: number
  /** Of whoever opened the socket. Whether `X-Forwarded-*` is believed depends on this one. */
  readonly peer: string
  /** What the client connected to, and the port of it. */
  readonly localAddress: string
  readonly port: number
  readonly secure: boolean
  /** The TCP connection, below TLS where there is any: what has to be reset to end a message halfway. */
  readonly transport: Socket
  /** Whether the certificate of this connection covers a name; true where it has none. 421 otherwise. */
  covers(host: string): boolean
}

/** What is the same for all requests of one connection from a client. `http1/` and `http2/` extend it. */
export interface ClientConnection extends ConnectionInfo {
  readonly socket: Socket | TLSSocket
}
