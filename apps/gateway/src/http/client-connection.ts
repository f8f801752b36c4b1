import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** What is the same for all requests of one connection from a client. `http1/` and `http2/` extend it. */
export interface ClientConnection {
  readonly socket: Socket | TLSSocket
  /** Of the client, plain: `203.0.113.7`, `2001:db8::1`. From the PROXY header, where a listed peer sent one. */
  readonly address: string
  /** Of whoever opened the socket. Whether `X-Forwarded-*` is believed depends on this one. */
  readonly peer: string
  /** The port of ours that it came in on. */
  readonly port: number
  readonly secure: boolean
  /** Whether the certificate of this connection covers a name; true where it has none. 421 otherwise. */
  covers(host: string): boolean
}
