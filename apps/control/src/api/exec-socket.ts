import { once } from 'node:events'
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { api, ExecQuery, permissions, StandinError } from '@standin/client'
import type { ExecRequest, ExecSession, Logger } from '@standin/core'
import { Value } from 'typebox/value'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Authority } from '../access/authority.ts'
import type { ProviderRegistry } from '../reconcile/provider-registry.ts'
import type { EnvironmentQueries } from '../store/environment-queries.ts'
import type { Stacks } from '../store/stacks.ts'
import type { Tokens } from '../store/tokens.ts'
import { authenticate } from './auth.ts'
import type { OpenStreams } from './open-streams.ts'
import { toStandinError } from './problems.ts'
import { requireHost, unsupported } from './routes/environments.ts'

export interface ExecSocketDependencies {
  readonly tokens: Tokens
  readonly authority: Authority
  readonly queries: EnvironmentQueries
  readonly stacks: Stacks
  readonly providers: ProviderRegistry
  readonly streams: OpenStreams
  readonly log: Logger
}

/** A command that runs, and whether who runs it still may. */
interface OpenedSession {
  readonly session: ExecSession
  readonly allowed: () => boolean
}

/** First byte of every frame. */
const channel = { stdin: 0, stdout: 1, stderr: 2, exit: 3, resize: 4 } as const

const largestFrame = 1 << 20
const pingMs = 20_000
const hangUpGraceMs = 3_000
const closeGraceMs = 1_000

/** `GET /v1/environments/:ref/exec` with `Upgrade: websocket`: a command on a host, its three streams and its end. */
export class ExecSocket {
  readonly #deps: ExecSocketDependencies
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: largestFrame, perMessageDeflate: false })

  constructor(deps: ExecSocketDependencies) {
    this.#deps = deps
  }

  /** A listener for the server's `upgrade` event. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const ignore = () => {}
    socket.on('error', ignore)
    this.#open(request).then(
      (opened) => {
        socket.off('error', ignore)
        this.#accept(request, socket, head, opened)
      },
      (error: unknown) => refuse(socket, toStandinError(error)),
    )
  }

  /** Nobody may be left to end the command: a socket that went away meanwhile, or that `ws` refuses, ends it here. */
  #accept(request: IncomingMessage, socket: Duplex, head: Buffer, opened: OpenedSession): void {
    let accepted = false
    try {
      if (!socket.destroyed) {
        this.#server.handleUpgrade(request, socket, head, (webSocket) => {
          accepted = true
          this.#connect(webSocket, opened)
        })
      }
    } finally {
      if (!accepted) abandon(opened.session)
    }
  }

  /** The command runs before the upgrade is accepted: what fails is an ordinary problem document. */
  async #open(request: IncomingMessage): Promise<OpenedSession> {
    const { ref, search } = parseAddress(request.url ?? '/')
    const { authority, queries, stacks, providers, tokens, log } = this.#deps
    const caller = authenticate(tokens, request.headers.authorization, api.environments.exec.scope)
    authority.enforce(permissions.environments.exec, caller, { ref })
    checkHandshake(request)
    const query = parseQuery(search)
    const record = queries.byRef(ref)
    const provider = providers.get(record.provider)
    if (!provider.can.exec) throw unsupported(record, 'run a command in')
    const host = query.host ?? stacks.of(record).hosts[0]?.name ?? ''
    requireHost(record, host, stacks)
    const [columns = 80, rows = 24] = query.tty?.split('x').map(Number) ?? []
    const exec: ExecRequest = {
      host,
      command: query.arg,
      ...(query.ordinal === undefined ? {} : { ordinal: query.ordinal }),
      ...(query.tty === undefined ? {} : { tty: { columns, rows } }),
    }
    log.info({ actor: caller.actor, environment: record.id, host }, 'a command is run')
    const allowed = () => authority.stillAllows(permissions.environments.exec, caller, { ref: record.id })
    const session = await provider.exec(record.id, exec)
    if (allowed()) return { session, allowed }
    abandon(session)
    throw new StandinError('unauthenticated', 'the token, or its role, has ended while the command began')
  }

  #connect(webSocket: WebSocket, { session, allowed }: OpenedSession): void {
    const { streams, log } = this.#deps
    const end = () => {
      webSocket.close(1001, allowed() ? 'control is shutting down' : 'no longer allowed')
      setTimeout(() => webSocket.terminate(), closeGraceMs).unref()
    }
    streams.add({ end, onClose: (listener) => webSocket.on('close', listener) }, allowed)
    const ping = setInterval(() => webSocket.ping(), pingMs)
    let ended = false
    webSocket.on('message', (data: RawData) => {
      // What the command does not read yet stays with the client, not in memory here.
      if (!receive(session, toBuffer(data))) webSocket.pause()
    })
    const goOn = () => webSocket.resume()
    session.stdin.on('drain', goOn)
    session.stdin.on('close', goOn)
    webSocket.on('error', (error) => log.warn({ err: error }, 'exec: the connection failed'))
    webSocket.on('close', () => {
      clearInterval(ping)
      if (ended) return
      hangUp(session)
    })
    session.stdin.on('error', () => {})
    const outputs = [forward(session.stdout, channel.stdout, webSocket), forward(session.stderr, channel.stderr, webSocket)]
    session.exited
      .then(async (exit) => {
        ended = true
        goOn()
        await Promise.all(outputs)
        webSocket.send(frame(channel.exit, Buffer.from(JSON.stringify(exit))))
        webSocket.close(1000)
      })
      .catch((error: unknown) => {
        ended = true
        log.warn({ err: error }, 'exec: the command could not be followed to its end')
        webSocket.close(1011, 'the command could not be followed')
      })
  }
}

/** @throws StandinError `invalid`, `route_not_found` */
function parseAddress(address: string): { ref: string; search: URLSearchParams } {
  let url: URL
  let ref: string | undefined
  try {
    url = new URL(address, 'http://control')
    const part = /^\/v1\/environments\/([^/]{1,200})\/exec$/.exec(url.pathname)?.[1]
    ref = part === undefined ? undefined : decodeURIComponent(part)
  } catch (cause) {
    throw new StandinError('invalid', `${address.slice(0, 200)} is not a valid address`, { cause })
  }
  if (ref === undefined) throw new StandinError('route_not_found', `there is no WebSocket at ${url.pathname.slice(0, 200)}`)
  return { ref, search: url.searchParams }
}

/** Before the command runs, all that an upgrade needs (RFC 6455, section 4.2.1). @throws StandinError `invalid` */
function checkHandshake({ method, headers }: IncomingMessage): void {
  const faults = [
    ...(method === 'GET' ? [] : [`its method is ${method}, not GET`]),
    ...(headers.upgrade?.toLowerCase() === 'websocket' ? [] : ['its Upgrade is not websocket']),
    ...(/^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '') ? [] : ['it has no valid Sec-WebSocket-Key']),
    ...(headers['sec-websocket-version'] === '13' ? [] : ['its Sec-WebSocket-Version is not 13']),
  ]
  if (faults.length > 0) throw new StandinError('invalid', `the request can not become a WebSocket: ${faults.join(', ')}`)
}

/** A command that nobody is connected to, as when a terminal is closed. */
function abandon(session: ExecSession): void {
  session.stdin.on('error', () => {})
  session.stdout.on('error', () => {}).resume()
  session.stderr.on('error', () => {}).resume()
  hangUp(session)
}

function hangUp(session: ExecSession): void {
  const killed = setTimeout(() => session.kill('SIGKILL'), hangUpGraceMs)
  killed.unref()
  const ended = () => clearTimeout(killed)
  session.exited.then(ended, ended)
  session.kill('SIGHUP')
}

function parseQuery(search: URLSearchParams): ExecQuery {
  const query: Record<string, unknown> = { ...Object.fromEntries(search), arg: search.getAll('arg') }
  const converted = Value.Convert(ExecQuery, query)
  const errors = [...Value.Errors(ExecQuery, converted)].map(({ instancePath, message }) => ({
    path: `/querystring${instancePath}`,
    message,
  }))
  if (errors.length > 0) {
    const words = errors.map((error) => `${error.path} ${error.message}`).join('; ')
    throw new StandinError('invalid', `the request is not valid: ${words}`, { errors })
  }
  return converted as ExecQuery
}

/** @returns whether more may come at once; false: when its standard input has drained */
function receive(session: ExecSession, data: Buffer): boolean {
  const payload = data.subarray(1)
  if (data[0] === channel.stdin) {
    if (payload.length === 0) session.stdin.end()
    else if (session.stdin.writable) return session.stdin.write(payload)
  }
  if (data[0] === channel.resize) {
    const size = parseSize(payload)
    if (size !== null) session.resize?.(size)
  }
  return true
}

function parseSize(payload: Buffer): { columns: number; rows: number } | null {
  try {
    const { columns, rows } = JSON.parse(payload.toString()) as { columns?: unknown; rows?: unknown }
    return Number.isInteger(columns) && Number.isInteger(rows) ? { columns: columns as number, rows: rows as number } : null
  } catch {
    return null
  }
}

/** Each chunk waits until the one before is on its way: what prints faster than is read is held up, not hoarded. */
async function forward(output: Readable, number: number, webSocket: WebSocket): Promise<void> {
  try {
    for await (const chunk of output) {
      if (webSocket.readyState !== webSocket.OPEN) break
      await new Promise((sent) => webSocket.send(frame(number, Buffer.from(chunk as Buffer)), sent))
    }
  } catch {
    // It ended with its process.
  }
}

function frame(number: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number]), payload])
}

function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}

function refuse(socket: Duplex, error: StandinError): void {
  const body = JSON.stringify(error.toProblem())
  socket.end(
    [
      `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  )
  void once(socket, 'finish').then(() => socket.destroy())
}
