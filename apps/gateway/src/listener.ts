import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { StandinError } from '@standin/client/errors'
import { run } from './chain.ts'
import { ClientConnection } from './client-connection.ts'
import { asProblem, Exchange, type Gateway } from './exchange.ts'
import { sendProblem } from './pages.ts'
import { UpgradeClient, wantsWebSocket } from './upgrade-client.ts'

const connectionOf = Symbol('ClientConnection')
type OurSocket = Socket & { [connectionOf]?: ClientConnection }

/** Accepts connections and starts an exchange for each request on them. */
export class Listener {
  readonly #gateway: Gateway
  readonly #server: Server
  readonly #connections = new Set<ClientConnection>()

  constructor(gateway: Gateway) {
    this.#gateway = gateway
    this.#server = createServer({
      insecureHTTPParser: false,
      // We answer that ourselves, with a reason.
      requireHostHeader: false,
      keepAliveTimeout: 65_000,
      headersTimeout: 20_000,
      // An upload may take as long as it takes.
      requestTimeout: 0,
      noDelay: true,
      shouldUpgradeCallback: wantsWebSocket,
    })
    this.#server.on('connection', (socket) => this.#onConnection(socket))
    this.#server.on('request', (req, res) => this.#onRequest(req, res))
    this.#server.on('upgrade', (req, socket, head) => this.#onUpgrade(req, socket, head))
    this.#server.on('connect', (req, socket) => this.#onConnect(req, socket))
    this.#server.on('clientError', (error, socket) => onClientError(error, socket))
  }

  /** Returns the address, `127.0.0.1:8080`. Errors: `port_taken`. */
  async listen(host: string, port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(listenProblem(error, host, port)))
      this.#server.listen({ host, port, backlog: 4_096 }, resolve)
    })
    const { address, port: bound, family } = this.#server.address() as AddressInfo
    return `${family === 'IPv6' ? `[${address}]` : address}:${bound}`
  }

  /** Accepts nothing new and lets what is under way end by itself, for `ms` at most. */
  async drain(ms: number): Promise<void> {
    this.#gateway.draining = true
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    const idle = setInterval(() => this.#server.closeIdleConnections(), 50)
    const deadline = setTimeout(() => {
      for (const { socket } of this.#connections) socket.destroy()
    }, ms)
    await closed
    clearInterval(idle)
    clearTimeout(deadline)
  }

  #onConnection(socket: OurSocket): void {
    const connection = new ClientConnection(socket)
    socket[connectionOf] = connection
    this.#connections.add(connection)
    socket.once('close', () => this.#connections.delete(connection))
  }

  #onRequest(req: IncomingMessage, res: ServerResponse): void {
    const connection = (req.socket as OurSocket)[connectionOf] as ClientConnection
    this.#start(new Exchange(this.#gateway, connection, req, res))
  }

  #onUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const connection = (socket as OurSocket)[connectionOf] as ClientConnection
    const client = new UpgradeClient(req, socket, head)
    const exchange = new Exchange(this.#gateway, connection, req, client.res)
    exchange.upgrade = client
    this.#start(exchange)
  }

  #onConnect(req: IncomingMessage, socket: Duplex): void {
    const { res } = new UpgradeClient(req, socket, Buffer.alloc(0))
    sendProblem(req, res, new StandinError('invalid', 'This is no forward proxy: it does not CONNECT'), '')
  }

  #start(exchange: Exchange): void {
    try {
      run(exchange)
    } catch (error) {
      exchange.refuse(asProblem(error), { close: true })
    }
  }
}

/** What could not be parsed as HTTP. The parser is lost after that, so the connection goes. */
const onClientError = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  const inFlight = (socket as Duplex & { _httpMessage?: ServerResponse })._httpMessage
  if (error.code === 'ECONNRESET' || !socket.writable || inFlight != null) {
    socket.destroy()
    return
  }
  const [status, problem] = clientProblem(error)
  const body = `${JSON.stringify({ ...problem.toProblem(), status })}\n`
  socket.end(
    `HTTP/1.1 ${status} ${reasonPhrase[status]}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}

const reasonPhrase: Record<number, string> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
}

const clientProblem = (error: NodeJS.ErrnoException): [number, StandinError] => {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return [431, new StandinError('too_large', 'The headers of the request are too large')]
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return [413, new StandinError('too_large', 'The chunk extensions of the request are too large')]
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, new StandinError('timeout', 'The head of the request did not arrive in time')]
    default:
      return [400, new StandinError('invalid', 'The request is not valid HTTP/1.1')]
  }
}

const listenProblem = (error: NodeJS.ErrnoException, host: string, port: number): StandinError => {
  if (error.code === 'EADDRINUSE') {
    return new StandinError('port_taken', `${host}:${port} is taken by another process`, {
      hint: 'Give the gateway another address with --http HOST:PORT, or end what listens there',
    })
  }
  return new StandinError('invalid', `The gateway can not listen on ${host}:${port}: ${error.message}`, {
    hint: 'See --http HOST:PORT',
    cause: error,
  })
}
