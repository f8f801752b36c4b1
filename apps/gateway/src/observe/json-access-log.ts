import type { TLSSocket } from 'node:tls'
import type { LineWriter } from '@standin/serving/line-writer'
import type { Exchange } from '../exchange/exchange.ts'
import type { AccessLog } from '../exchange/gateway.ts'
import type { Counts } from './counts.ts'

/**
 * One JSON line per exchange, put together by hand: a general logger takes several times as long, for each request.
 * The path goes without its query, which may hold secrets.
 */
export class JsonAccessLog implements AccessLog {
  readonly #out: Pick<LineWriter, 'write'>
  readonly #counts: Counts
  #openedAt = 0
  #opening = ''

  constructor(out: Pick<LineWriter, 'write'>, counts: Counts) {
    this.#out = out
    this.#counts = counts
  }

  write(exchange: Exchange): void {
    const ms = performance.now() - exchange.startedAt
    this.#counts.observe(exchange, ms)
    const { head, target, path, connection } = exchange
    const query = path.indexOf('?')
    let line = `${this.#open()}${exchange.id}","client":"${connection.address}","method":"${head.method}","host":"${exchange.host}","path":${quoted(query === -1 ? path : path.slice(0, query))},"protocol":"${head.version}"`
    if (connection.secure) line += `,"tls":"${tlsVersion(connection.socket as TLSSocket)}"`
    if (connection.peer !== connection.address) line += `,"peer":"${connection.peer}"`
    if (target !== null) line += `,"configId":${target.environment.entry.environment},"service":"${target.route.service}"`
    if (exchange.upstream !== '') line += `,"upstream":${quoted(exchange.upstream)},"upstreamMs":${hundredths(exchange.upstreamMs)}`
    if (exchange.connectMs > 0) line += `,"connectMs":${hundredths(exchange.connectMs)}`
    if (exchange.heldMs > 0) line += `,"holdMs":${hundredths(exchange.heldMs)}`
    if (exchange.queuedMs > 0) line += `,"queueMs":${hundredths(exchange.queuedMs)}`
    if (exchange.retries > 0) line += `,"retries":${exchange.retries}`
    if (exchange.faults !== null) line += `,"fault":${quoted(exchange.faults.label)}`
    if (exchange.flag !== '') line += `,"flag":"${exchange.flag}"`
    if (exchange.bytesReceived > 0) line += `,"bytesIn":${exchange.bytesReceived}`
    this.#out.write(`${line},"status":${exchange.status},"bytes":${exchange.bytesSent},"ms":${hundredths(ms)}}\n`)
  }

  /** How every line of this millisecond begins, up to the id. */
  #open(): string {
    const now = Date.now()
    if (now !== this.#openedAt) {
      this.#openedAt = now
      this.#opening = `{"level":30,"time":${now},"msg":"access","id":"`
    }
    return this.#opening
  }
}

/** Asked of OpenSSL once for each connection. */
const versions = new WeakMap<TLSSocket, string>()
const tlsVersion = (socket: TLSSocket): string => {
  let version = versions.get(socket)
  if (version === undefined) {
    version = socket.getProtocol?.() ?? 'unknown'
    versions.set(socket, version)
  }
  return version
}

/** As JSON. Nearly no path needs an escape. */
const quoted = (text: string): string => (/[^ !#-[\]-~]/.test(text) ? JSON.stringify(text) : `"${text}"`)

const fractions = Array.from({ length: 100 }, (_, i) => (i === 0 ? '' : i % 10 === 0 ? `.${i / 10}` : `.${String(i).padStart(2, '0')}`))

/** To a hundredth of a millisecond. Printing whole numbers takes a small part of the time that a fraction takes. */
const hundredths = (ms: number): string => {
  const rounded = Math.round(ms * 100)
  const whole = Math.floor(rounded / 100)
  return whole + (fractions[rounded - whole * 100] as string)
}
