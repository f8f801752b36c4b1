import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { serve } from '../chain.ts'
import type { Gateway } from '../exchange/gateway.ts'
import type { ClientLimits, ConnectionLimits } from '../gateway-config.ts'
import type { ConnectionInfo } from '../http/client-connection.ts'
import type { ClientStream } from '../http/client-stream.ts'
import { OpenConnections } from '../http/open-connections.ts'
import type { StreamHandler } from '../http/stream-handler.ts'
import { acceptHttp1 } from '../http1/client-connection.ts'
import { acceptHttp2 } from '../http2/client-connection.ts'
import type { Counts } from '../observe/counts.ts'
import type { CertificateSource } from '../tls/certificate-source.ts'
import { SecureAcceptor } from '../tls/secure-acceptor.ts'
import type { TicketKeys } from '../tls/ticket-keys.ts'
import { ClientListener, type ConnectionOrigin } from './client-listener.ts'
import { ConnectionCounts } from './connection-counts.ts'
import type { ListenOptions } from './listening-socket.ts'
import type { Networks } from './networks.ts'
import { roomForConnections } from './room-for-connections.ts'

/**
 * How long clients whose connections are idle get to send the next request when the gateway stops, ms. It is answered as
 * the last one; a connection that is closed without a word may lose a request that is on its way.
 */
const lastRequestMs = 1_000

export interface ListenersOptions {
  readonly limits: ConnectionLimits
  readonly clientLimits: ClientLimits
  readonly trusted: Networks
  readonly proxies: Networks
  readonly counts: Counts
  readonly ticketKeys: TicketKeys
  readonly log: Pick<Logger, 'error'>
}

/** Everything between the sockets that clients connect to and the first stage of the chain. */
export class Listeners implements StreamHandler {
  readonly connections = new OpenConnections()
  readonly limits: ClientLimits
  readonly #gateway: Gateway
  readonly #counts: Counts
  readonly #open: ConnectionCounts
  readonly #secure: SecureAcceptor
  readonly #http: ClientListener
  readonly #https: ClientListener
  #toldOfErrorAt = 0

  constructor(gateway: Gateway, { limits, clientLimits, trusted, proxies, counts, ticketKeys, log }: ListenersOptions) {
    this.limits = clientLimits
    this.#gateway = gateway
    this.#counts = counts
    this.#open = new ConnectionCounts({ ...limits, connections: roomForConnections(limits.connections) })
    const shared = {
      counts: this.#open,
      trusted,
      proxies,
      onRefusal: (why: 'connections' | 'connections-per-client' | 'proxy-header') =>
        counts.add('refusedConnections', refusals.indexOf(why)),
      onError: (error: Error) => {
        counts.add('acceptErrors')
        // It comes again and again, for as long as the cause is there.
        const now = performance.now()
        if (now < this.#toldOfErrorAt + 10_000 && this.#toldOfErrorAt > 0) return
        this.#toldOfErrorAt = now
        log.error({ err: error }, 'a connection could not be accepted')
      },
    }
    this.#http = new ClientListener({ ...shared, secure: false, onConnection: (socket, origin) => this.#onPlain(socket, origin) })
    this.#https = new ClientListener({ ...shared, secure: true, onConnection: (socket, origin) => this.#onSecure(socket, origin) })
    this.#secure = new SecureAcceptor({
      onHttp1: (socket, info) => void acceptHttp1(socket, info, this),
      onHttp2: (socket, info) => void acceptHttp2(socket, info, this),
      ticketKeys,
      handshakeTimeoutMs: clientLimits.handshakeMs,
    })
  }

  /** Responses are the last ones on their connections. */
  get draining(): boolean {
    return this.#gateway.draining
  }

  onStream(stream: ClientStream): void {
    serve(this.#gateway, stream)
  }

  /** Returns the address. @throws StandinError `port_taken`, `invalid` */
  listenHttp(options: ListenOptions): Promise<string> {
    return this.#http.listen(options)
  }

  /** The same over TLS; connections wait until there are certificates. */
  listenHttps(options: ListenOptions): Promise<string> {
    return this.#https.listen(options)
  }

  useCertificates(source: CertificateSource): void {
    this.#secure.use(source)
  }

  /** Accepts nothing new and lets what is under way end by itself, for `ms` at most. */
  async drain(ms: number): Promise<void> {
    const deadline = performance.now() + ms
    this.#gateway.draining = true
    await Promise.all([this.#http.close(), this.#https.close()])
    const lastRequests = performance.now() + Math.min(lastRequestMs, ms)
    while (this.#open.open > 0 && performance.now() < lastRequests) await new Promise((resolve) => setTimeout(resolve, 20))
    // Where this process stood still, requests that came in time are still to be read: that is before an immediate.
    await new Promise((resolve) => setImmediate(resolve))
    this.#http.cutUnknown()
    this.#https.cutUnknown()
    this.#secure.close()
    await this.connections.drain(Math.max(0, deadline - performance.now()))
  }

  /** Writes what is known at this moment into the counts. */
  sample(): void {
    this.#counts.set('openConnections', this.#open.open)
    const { counts } = this.#secure
    for (const [index, result] of handshakeResults.entries()) this.#counts.set('handshakes', counts[result], index)
  }

  #onPlain(socket: Socket, origin: ConnectionOrigin): void {
    this.#counts.add('connections', 0)
    acceptHttp1(socket, { ...origin, secure: false, transport: socket, covers: coversAll } satisfies ConnectionInfo, this)
  }

  #onSecure(socket: Socket, origin: ConnectionOrigin): void {
    this.#counts.add('connections', 1)
    this.#secure.accept(socket, origin)
  }
}

// In the order of the labels in observe/metric-list.ts.
const refusals = ['connections', 'connections-per-client', 'proxy-header'] as const
const handshakeResults = ['http1', 'http2', 'resumed', 'failed', 'timedOut', 'plaintext'] as const

const coversAll = (): boolean => true
