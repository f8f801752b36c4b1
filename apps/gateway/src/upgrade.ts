import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { dial } from './dial.ts'
import type { Abortable, Exchange } from './exchange.ts'
import { addStickyCookie, chooseUpstream } from './pool/choose-upstream.ts'
import type { Upstream } from './pool/upstream.ts'
import { relay } from './relay.ts'
import { readResponseHead } from './response-head.ts'
import type { UpgradeClient } from './upgrade-client.ts'
import { emptyPool, upstreamProblem } from './upstream-problem.ts'

/** A WebSocket leaves the chain here: its bytes are passed on as they are once the endpoint has agreed. */
export const relayUpgrade = (exchange: Exchange): boolean => {
  if (exchange.upgrade === null) return true
  sendTo(exchange, exchange.upgrade, chooseUpstream(exchange))
  return false
}

const sendTo = (exchange: Exchange, client: UpgradeClient, upstream: Upstream | undefined): void => {
  if (upstream === undefined) {
    exchange.refuse(emptyPool(exchange), { retryAfterSeconds: 1 })
    return
  }
  exchange.phase = 'forwarding'
  exchange.upstream = upstream.key
  exchange.pending = new UpgradeAttempt(exchange, client, upstream)
}

/** One handshake with one endpoint. Until it agrees, nothing but the handshake is sent to it. */
class UpgradeAttempt implements Abortable {
  readonly #exchange: Exchange
  readonly #client: UpgradeClient
  readonly #upstream: Upstream
  readonly #request: ClientRequest
  #dialling: Socket | null = null
  #connected = false

  constructor(exchange: Exchange, client: UpgradeClient, upstream: Upstream) {
    this.#exchange = exchange
    this.#client = client
    this.#upstream = upstream
    exchange.chosen = upstream
    const { address, port } = upstream.endpoint
    this.#request = request({
      method: 'GET',
      path: exchange.path,
      headers: [...exchange.headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'],
      createConnection: (_, created) => {
        this.#dialling = dial(exchange.gateway.refused, address, port, (error, socket) => {
          this.#connected = socket !== null
          created(error, socket as Socket)
        })
        return undefined
      },
    })
    this.#request.on('upgrade', (res, socket, head) => this.#accepted(res, socket as Socket, head))
    this.#request.on('response', (res) => this.#refused(res))
    this.#request.on('error', (error) => this.#failed(error))
    this.#request.end()
  }

  abort(): void {
    this.#dialling?.destroy()
    this.#request.destroy()
  }

  #accepted(res: IncomingMessage, socket: Socket, head: Buffer): void {
    const exchange = this.#exchange
    if (exchange.phase === 'ended') {
      socket.destroy()
      return
    }
    if (res.headers.upgrade?.toLowerCase() !== 'websocket') {
      socket.destroy()
      exchange.refuse(upstreamProblem(exchange, this.#upstream, new Error('it switched to another protocol than it was asked for')))
      return
    }
    exchange.phase = 'responding'
    exchange.status = 101
    exchange.pool?.answered(this.#upstream, 101)
    exchange.upstreamMs = performance.now() - exchange.startedAt - exchange.heldMs
    let answer = `HTTP/1.1 101 ${res.statusMessage || 'Switching Protocols'}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
    const { headers } = readResponseHead(res.rawHeaders)
    addStickyCookie(exchange, headers)
    for (let i = 0; i < headers.length; i += 2) answer += `${headers[i]}: ${headers[i + 1]}\r\n`
    const early = this.#client.release()
    const client = this.#client.socket
    client.write(`${answer}\r\n`, 'latin1')
    if (head.length > 0) client.write(head)
    if (early.length > 0) socket.write(early)
    const sentBefore = client.bytesWritten
    this.#upstream.adopt(socket)
    exchange.pending = null
    // That the client leaves is how a WebSocket ends: the relay accounts for it.
    exchange.connection.live.delete(exchange)
    relay(client, socket, () => {
      exchange.bytesSent = client.bytesWritten - sentBefore
      exchange.end()
    })
  }

  /** The endpoint answered with an ordinary response: so do we. */
  #refused(res: IncomingMessage): void {
    const exchange = this.#exchange
    if (exchange.phase !== 'forwarding') {
      res.destroy()
      return
    }
    const head = readResponseHead(res.rawHeaders)
    if (head.unknownCoding !== null) {
      res.destroy()
      exchange.refuse(upstreamProblem(exchange, this.#upstream, new Error(`it uses the transfer coding ${head.unknownCoding}`)))
      return
    }
    exchange.phase = 'responding'
    exchange.status = res.statusCode ?? 502
    exchange.pool?.answered(this.#upstream, exchange.status)
    exchange.upstreamMs = performance.now() - exchange.startedAt - exchange.heldMs
    const { socket, res: answer } = this.#client
    addStickyCookie(exchange, head.headers)
    answer.writeHead(exchange.status, res.statusMessage, head.headers)
    res.on('data', (chunk: Buffer) => {
      exchange.bytesSent += chunk.length
      if (answer.write(chunk)) return
      res.pause()
      socket.once('drain', () => res.resume())
    })
    res.on('end', () => {
      answer.end()
      exchange.end()
    })
    res.on('error', () => {
      if (exchange.phase === 'ended') return
      exchange.flag = 'upstream_cut'
      exchange.cut()
    })
  }

  #failed(error: Error): void {
    const exchange = this.#exchange
    if (exchange.phase !== 'forwarding') return
    exchange.pool?.failed(this.#upstream, error.message)
    const other = exchange.pool?.retry(this.#upstream, {
      retries: exchange.retries,
      wasAnswered: false,
      isSent: this.#connected,
      diedUnused: false,
      hasBody: false,
      bodyStarted: false,
      method: 'GET',
    })
    if (other !== undefined) {
      exchange.retries++
      sendTo(exchange, this.#client, other)
      return
    }
    exchange.refuse(upstreamProblem(exchange, this.#upstream, error))
  }
}
