import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { StandinError } from '@standin/client/errors'
import { serve } from './chain.ts'
import type { Gateway } from './exchange/gateway.ts'
import type { ClientStream } from './http/client-stream.ts'
import { OpenConnections } from './http/open-connections.ts'
import { acceptHttp1, type StreamHandler } from './http1/client-connection.ts'
import { plainAddress } from './refused-endpoints.ts'

/** Accepts connections and starts an exchange for each request on them. */
export class Listener implements StreamHandler {
  readonly connections = new OpenConnections()
  readonly #gateway: Gateway
  readonly #server: Server

  constructor(gateway: Gateway) {
    this.#gateway = gateway
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
  }

  get draining(): boolean {
    return this.#gateway.draining
  }

  onStream(stream: ClientStream): void {
    serve(this.#gateway, stream)
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
    await this.connections.drain(ms)
    await closed
  }

  #accept(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress ?? '')
    acceptHttp1(socket, { address, peer: address, port: socket.localPort ?? 0, secure: false, transport: socket, covers: coversAll }, this)
  }
}

const coversAll = (): boolean => true

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
