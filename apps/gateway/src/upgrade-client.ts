import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Whether a request is for a WebSocket (RFC 6455, section 4.2.1). Any other Upgrade is not passed on. */
export const wantsWebSocket = (req: IncomingMessage): boolean => {
  if (req.method !== 'GET' || req.httpVersionMinor === 0) return false
  const { upgrade } = req.headers
  return upgrade !== undefined && upgrade.toLowerCase() === 'websocket'
}

/** Bytes that a client may send before its WebSocket is open. */
const earlyLimit = 64 * 1024

/**
 * The client's side of an upgrade until it is decided: keeps what comes early, notices when the client leaves, and can
 * answer with an ordinary response.
 */
export class UpgradeClient {
  readonly socket: Socket
  readonly res: ServerResponse
  #early: Buffer[]
  #earlyBytes: number

  constructor(req: IncomingMessage, socket: Duplex, head: Buffer) {
    this.socket = socket as Socket
    this.#early = head.length === 0 ? [] : [head]
    this.#earlyBytes = head.length
    this.socket.on('error', ignore)
    this.socket.on('data', this.#onData)
    this.socket.on('end', this.#onEnd)
    this.res = new ServerResponse(req)
    this.res.shouldKeepAlive = false
    this.res.assignSocket(this.socket)
    this.res.once('finish', this.#onAnswered)
  }

  /** Hands the socket over for relaying, with all that came early. */
  release(): Buffer {
    this.socket.off('data', this.#onData)
    this.socket.off('end', this.#onEnd)
    this.res.off('finish', this.#onAnswered)
    this.res.detachSocket(this.socket)
    const early = Buffer.concat(this.#early)
    this.#early = []
    return early
  }

  readonly #onData = (chunk: Buffer) => {
    this.#early.push(chunk)
    this.#earlyBytes += chunk.length
    if (this.#earlyBytes > earlyLimit) this.socket.pause()
  }

  readonly #onEnd = () => this.socket.destroy()

  readonly #onAnswered = () => {
    this.res.detachSocket(this.socket)
    this.socket.destroySoon()
  }
}

const ignore = () => {}
