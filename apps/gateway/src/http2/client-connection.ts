import { performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ClientConnection, ConnectionInfo } from '../http/client-connection.ts'
import type { OpenConnection } from '../http/open-connections.ts'
import type { StreamHandler } from '../http1/client-connection.ts'
import { Http2ClientStream } from './client-stream.ts'
import { readRequestHead } from './header-list.ts'

/** How long a connection may be without a request, ms. */
const idleMs = 65_000

const sessionOptions = {
  settings: {
    maxConcurrentStreams: 250,
    // Of one stream; a slow endpoint holds up its own upload only. Node gives a connection's window back at once.
    initialWindowSize: 256 * 1024,
    maxHeaderListSize: 64 * 1024,
  },
  maxHeaderListPairs: 200,
  // Browsers reset streams by the hundred when a page is left: Node's limits (1,000, then 33 a second) would end the
  // connection. Whoever opens and resets faster than this does nothing else (CVE-2023-44487).
  streamResetBurst: 2_000,
  streamResetRate: 200,
  // Endpoints repeat what should not be repeated; it goes on as it is.
  strictSingleValueFields: false,
}

/** Serves HTTP/2 on a socket whose handshake is done. */
export const acceptHttp2 = (socket: Socket | TLSSocket, info: ConnectionInfo, handler: StreamHandler): Http2ClientConnection =>
  new Http2ClientConnection(socket, info, handler)

/** One connection of a client that speaks HTTP/2. Requests on it go their ways side by side. */
export class Http2ClientConnection implements ClientConnection, OpenConnection {
  readonly socket: Socket | TLSSocket
  readonly transport: Socket
  readonly address: string
  readonly clientPort: number
  readonly peer: string
  readonly localAddress: string
  readonly port: number
  readonly secure: boolean
  readonly #info: ConnectionInfo
  readonly #handler: StreamHandler
  readonly #session: ServerHttp2Session
  #openStreams = 0
  #deadline: number

  constructor(socket: Socket | TLSSocket, info: ConnectionInfo, handler: StreamHandler) {
    this.socket = socket
    this.transport = info.transport
    this.address = info.address
    this.clientPort = info.clientPort
    this.peer = info.peer
    this.localAddress = info.localAddress
    this.port = info.port
    this.secure = info.secure
    this.#info = info
    this.#handler = handler
    handler.connections.add(this)
    this.#deadline = handler.connections.now + idleMs
    this.#session = performServerHandshake(socket, sessionOptions)
    this.#session.on('stream', (stream, _headers, flags, list) => this.#onStream(stream, flags, list as unknown as string[]))
    this.#session.on('error', ignore)
    this.#session.on('close', () => handler.connections.delete(this))
  }

  covers(host: string): boolean {
    return this.#info.covers(host)
  }

  sweep(now: number): void {
    if (this.#openStreams === 0 && now >= this.#deadline) this.#session.close()
  }

  /**
   * Says which request was the last one that it took; a client may safely send what came after it to somebody else
   * (RFC 9113, section 6.8). What is under way is answered, then the connection closes.
   */
  drain(): void {
    this.#session.close()
  }

  destroy(): void {
    this.#session.destroy()
  }

  /** One request less is under way. */
  onStreamEnd(): void {
    this.#openStreams--
    this.#deadline = this.#handler.connections.now + idleMs
  }

  #onStream(stream: ServerHttp2Stream, flags: number, list: readonly string[]): void {
    this.#openStreams++
    this.#handler.onStream(new Http2ClientStream(this, stream, readRequestHead(list, flags)))
  }
}

const ignore = (): void => {}
