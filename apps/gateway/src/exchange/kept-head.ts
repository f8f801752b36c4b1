import { BodyKind } from '../http/client-stream.ts'
import type { Exchange } from './exchange.ts'

/**
 * What `readHead` found in fields that a connection sends again and again, so that it has to look at them once. It is
 * good for requests that differ in nothing but method, path and id.
 */
export class KeptHead {
  readonly #authority: string
  readonly #host: string
  readonly #via: string | null
  readonly #wantsTrailers: boolean
  readonly #version: string
  /** With the id of the exchange that it was made of at the end. */
  readonly #headers: readonly string[]
  /** The same as lines, without the id. */
  readonly #lines: string

  /** @param exchange one that was read, and asks for no upgrade; its id, the last of its headers, is ours */
  constructor({ authority, host, via, wantsTrailers, head, headers }: Exchange) {
    this.#authority = authority
    this.#host = host
    this.#via = via
    this.#wantsTrailers = wantsTrailers
    this.#version = head.version
    this.#headers = headers.slice()
    const lines = []
    for (let i = 0; i < headers.length - 2; i += 2) lines.push(headers[i] as string, ': ', headers[i + 1] as string, '\r\n')
    // Joined, it is one piece; added up, it would be put together anew for each request.
    this.#lines = lines.join('')
  }

  /** False: this exchange has to be read. */
  serve(exchange: Exchange): boolean {
    const { head, connection } = exchange
    // An absolute target has a host of its own, and a body goes with other headers.
    if (head.target.charCodeAt(0) !== 0x2f || head.bodyKind !== BodyKind.none || head.version !== this.#version) return false
    if (!connection.covers(this.#host)) return false
    exchange.identify(null)
    exchange.path = head.target
    exchange.authority = this.#authority
    exchange.host = this.#host
    exchange.via = this.#via
    exchange.wantsTrailers = this.#wantsTrailers
    const headers = this.#headers.slice()
    headers[headers.length - 1] = exchange.id
    exchange.headers = headers
    exchange.lines = `${this.#lines}X-Request-Id: ${exchange.id}\r\n`
    return true
  }
}
