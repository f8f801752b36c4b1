import type { DestinationStream } from 'pino'
import type { Exchange } from './exchange/exchange.ts'
import type { AccessLog } from './exchange/gateway.ts'

/**
 * One JSON line per exchange, put together by hand: a general logger takes several times as long, for each request.
 * The path goes without its query, which may hold secrets.
 */
export class JsonAccessLog implements AccessLog {
  readonly #out: DestinationStream

  constructor(out: DestinationStream) {
    this.#out = out
  }

  write(exchange: Exchange): void {
    const { head, target, path } = exchange
    const query = path.indexOf('?')
    let line = `{"level":30,"time":${Date.now()},"msg":"access","id":"${exchange.id}","client":"${exchange.connection.address}","method":"${head.method}","host":"${exchange.host}","path":${quoted(query === -1 ? path : path.slice(0, query))}`
    if (target !== null) line += `,"configId":${target.environment.entry.environment},"service":"${target.route.service}"`
    if (exchange.upstream !== '') line += `,"upstream":${quoted(exchange.upstream)},"upstreamMs":${rounded(exchange.upstreamMs)}`
    line += `,"status":${exchange.status},"bytes":${exchange.bytesSent},"ms":${rounded(performance.now() - exchange.startedAt)}`
    if (exchange.heldMs > 0) line += `,"holdMs":${rounded(exchange.heldMs)}`
    if (exchange.retries > 0) line += `,"retries":${exchange.retries}`
    if (exchange.faults !== null) line += `,"fault":${quoted(exchange.faults.label)}`
    if (exchange.flag !== '') line += `,"flag":"${exchange.flag}"`
    this.#out.write(`${line}}\n`)
  }
}

/** As JSON. Nearly no path needs an escape. */
const quoted = (text: string) => (/[^ !#-[\]-~]/.test(text) ? JSON.stringify(text) : `"${text}"`)

/** To a hundredth of a millisecond. */
const rounded = (ms: number) => Math.round(ms * 100) / 100
