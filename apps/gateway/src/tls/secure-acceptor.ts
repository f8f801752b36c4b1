import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { StandinError } from '@standin/client/errors'
import type { ConnectionInfo } from '../http/client-connection.ts'
import { refuseInPlain } from '../http1/refuse-in-plain.ts'
import type { CertificateSource } from './certificate-source.ts'
import type { ServedCertificate } from './served-certificate.ts'
import { TicketKeys } from './ticket-keys.ts'

/** What is known of a connection before its handshake. */
export type ConnectionOrigin = Pick<ConnectionInfo, 'address' | 'clientPort' | 'peer' | 'localAddress' | 'port'>

export interface SecureAcceptorOptions {
  readonly onHttp1: (socket: TLSSocket, info: ConnectionInfo) => void
  readonly onHttp2: (socket: TLSSocket, info: ConnectionInfo) => void
  /** Shared by all workers, so that a session can be resumed with any of them. */
  readonly ticketKeys?: TicketKeys
  /** From the first byte, or the lack of it, to the end of the handshake, ms; default 10 s. */
  readonly handshakeTimeoutMs?: number
}

/** How often, since the start. */
export interface SecureAcceptorCounts {
  http1: number
  http2: number
  /** Of these, handshakes that resumed a session. */
  resumed: number
  /** Handshakes that failed or were broken off. */
  failed: number
  timedOut: number
  /** What came was no TLS. */
  plaintext: number
}

const isPlaintext = new StandinError('invalid', 'This port speaks TLS, but the request came in plain HTTP', {
  hint: 'Use https:// instead of http://',
})

/** Not derived from the command line, as it is by default: workers may have different ones. */
const sessionIdContext = 'standin gateway'

/**
 * Does the TLS handshake on sockets that were accepted elsewhere, and sorts them by what the client speaks (RFC 7301).
 * Until there are certificates, connections wait.
 */
export class SecureAcceptor {
  readonly counts: SecureAcceptorCounts = { http1: 0, http2: 0, resumed: 0, failed: 0, timedOut: 0, plaintext: 0 }
  readonly #options: SecureAcceptorOptions
  readonly #timeoutMs: number
  readonly #ticketKeys: TicketKeys
  /** Not yet through their handshake. */
  readonly #pending = new Map<Socket, ConnectionOrigin>()
  #source: CertificateSource | null = null
  #server: Server | null = null
  #waiting: Socket[] = []
  #rotation: NodeJS.Timeout | undefined

  constructor(options: SecureAcceptorOptions) {
    this.#options = options
    this.#timeoutMs = options.handshakeTimeoutMs ?? 10_000
    this.#ticketKeys = options.ticketKeys ?? new TicketKeys()
  }

  /** Serves these certificates from now on; connections that there are keep theirs. */
  use(source: CertificateSource): void {
    this.#source = source
    source.onChange((main) => {
      if (this.#source === source) this.#setContext(main)
    })
    if (this.#server === null) this.#server = this.#createServer(source.main)
    else this.#setContext(source.main)
    this.#rotateTickets()
    for (const socket of this.#waiting.splice(0)) this.#handshake(socket)
  }

  /** Takes over a socket; what was read of it before has to be put back with `unshift`. */
  accept(socket: Socket, origin: ConnectionOrigin): void {
    this.#pending.set(socket, origin)
    socket.on('error', ignore)
    socket.once('close', () => this.#pending.delete(socket))
    socket.setTimeout(this.#timeoutMs, () => {
      this.counts.timedOut++
      socket.destroy()
    })
    if (!this.#look(socket)) {
      const onReadable = () => {
        if (socket.readableEnded || this.#look(socket)) socket.off('readable', onReadable)
      }
      socket.on('readable', onReadable)
      socket.once('end', () => socket.destroy())
    }
  }

  /** How many connections are not through their handshake yet. */
  get pending(): number {
    return this.#pending.size
  }

  /** Breaks off what is not through its handshake. */
  close(): void {
    clearTimeout(this.#rotation)
    for (const socket of this.#pending.keys()) socket.destroy()
    this.#waiting = []
  }

  /** @returns whether its first bytes had come */
  #look(socket: Socket): boolean {
    const first: Buffer | null = socket.read()
    if (first === null) return false
    socket.removeAllListeners('timeout').setTimeout(0)
    socket.removeAllListeners('end')
    // A record of the handshake protocol (RFC 8446, section 5.1).
    if (first[0] !== 0x16) {
      this.#pending.delete(socket)
      this.counts.plaintext++
      // What is no HTTP either gets no answer.
      if (/^[A-Z]{3,20} /.test(first.toString('latin1', 0, 24))) refuseInPlain(socket, isPlaintext)
      else socket.destroy()
      return true
    }
    socket.unshift(first)
    if (this.#server === null) this.#waiting.push(socket)
    else this.#handshake(socket)
    return true
  }

  #handshake(socket: Socket): void {
    if (!socket.destroyed) this.#server?.emit('connection', socket)
  }

  #createServer(main: ServedCertificate): Server {
    const server = createServer({
      ...main.options,
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: this.#timeoutMs,
      sessionIdContext,
      ticketKeys: this.#ticketKeys.at(Date.now()),
      SNICallback: (host, done) => this.#select(host, done),
    })
    server.on('secureConnection', (socket) => this.#onSecure(socket))
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      if (error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT') this.counts.timedOut++
      else this.counts.failed++
      socket.destroy()
    })
    return server
  }

  #setContext(main: ServedCertificate): void {
    this.#server?.setSecureContext({ ...main.options, sessionIdContext, ticketKeys: this.#ticketKeys.at(Date.now()) } as object)
  }

  #select(host: string, done: (error: Error | null, context?: ServedCertificate['context']) => void): void {
    const found = (this.#source as CertificateSource).find(host)
    if (!(found instanceof Promise)) {
      done(null, found.context)
      return
    }
    found.then(
      (certificate) => done(null, certificate.context),
      (error: Error) => done(error),
    )
  }

  #onSecure(socket: TLSSocket): void {
    // The TLS socket has no other way to tell which socket it was made of.
    const raw = (socket as TLSSocket & { _parent: Socket })._parent
    const origin = this.#pending.get(raw)
    if (origin === undefined) {
      socket.destroy()
      return
    }
    this.#pending.delete(raw)
    socket.disableRenegotiation()
    if (socket.isSessionReused()) this.counts.resumed++
    const certificate = (this.#source as CertificateSource).peek(socket.servername as string | false | null)
    const info = new SecureConnectionInfo(origin, raw, certificate)
    if (socket.alpnProtocol === 'h2') {
      this.counts.http2++
      this.#options.onHttp2(socket, info)
    } else {
      this.counts.http1++
      this.#options.onHttp1(socket, info)
    }
  }

  #rotateTickets(): void {
    clearTimeout(this.#rotation)
    const now = Date.now()
    this.#server?.setTicketKeys(this.#ticketKeys.at(now))
    this.#rotation = setTimeout(() => this.#rotateTickets(), TicketKeys.lifeLeft(now) + 1)
    this.#rotation.unref()
  }
}

/** With the last host that was asked for: nearly all requests of a connection are for the same one. */
class SecureConnectionInfo implements ConnectionInfo {
  readonly address: string
  readonly clientPort: number
  readonly peer: string
  readonly localAddress: string
  readonly port: number
  readonly secure = true
  readonly transport: Socket
  readonly #certificate: ServedCertificate
  #covered = ''

  constructor({ address, clientPort, peer, localAddress, port }: ConnectionOrigin, transport: Socket, certificate: ServedCertificate) {
    this.address = address
    this.clientPort = clientPort
    this.peer = peer
    this.localAddress = localAddress
    this.port = port
    this.transport = transport
    this.#certificate = certificate
  }

  covers(host: string): boolean {
    if (host === this.#covered) return true
    if (!this.#certificate.covers(host)) return false
    this.#covered = host
    return true
  }
}

const ignore = () => {}
