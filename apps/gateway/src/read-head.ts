import { StandinError } from '@standin/client/errors'
import type { Exchange } from './exchange.ts'
import { classifyRequestHeader, connectionNamed, HeaderClass, removeNamed } from './headers.ts'
import { normaliseHost } from './routing/host-name.ts'

/**
 * Reads the head once: refuses what is ambiguous, and makes the list of headers for the upstream. What is for this
 * connection alone is left out; what says where the request came from is set anew (RFC 9110, section 7.6.1; RFC 7239).
 */
export const readHead = (exchange: Exchange): boolean => {
  const { req } = exchange
  const raw = req.rawHeaders
  const headers = ['host', '']
  let hosts = 0
  let upgrade: string | null = null
  let transferEncoding: string | null = null
  let requestId: string | null = null
  let named: string[] | null = null

  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    switch (classifyRequestHeader(name)) {
      case HeaderClass.endToEnd:
        headers.push(name, value)
        break
      case HeaderClass.host:
        exchange.authority = value
        hosts++
        break
      case HeaderClass.connection: {
        const more = connectionNamed(value)
        if (more !== null) named = named === null ? more : named.concat(more)
        break
      }
      case HeaderClass.upgrade:
        upgrade = upgrade === null ? value : `${upgrade}, ${value}`
        break
      case HeaderClass.contentLength:
        exchange.contentLength = value
        break
      case HeaderClass.transferEncoding:
        transferEncoding = transferEncoding === null ? value : `${transferEncoding}, ${value}`
        break
      case HeaderClass.via:
        exchange.via = exchange.via === null ? value : `${exchange.via}, ${value}`
        break
      case HeaderClass.requestId:
        requestId ??= value
        break
      // `Expect` was met by the server already; `dropped` says it.
    }
  }
  exchange.identify(requestId)
  exchange.path = req.url ?? ''

  if (transferEncoding !== null) {
    // RFC 9112, section 6.1: we would pass a coding on that we don't know, without its name; HTTP/1.0 has none at all.
    if (transferEncoding.toLowerCase() !== 'chunked') return malformed(exchange, `the transfer coding ${transferEncoding} is not supported`)
    if (exchange.contentLength !== null) return malformed(exchange, 'it has both Content-Length and Transfer-Encoding')
    if (req.httpVersionMinor === 0) return malformed(exchange, 'Transfer-Encoding needs HTTP/1.1')
  }
  exchange.hasBody = transferEncoding !== null || (exchange.contentLength !== null && Number(exchange.contentLength) > 0)

  if (hosts !== 1) return malformed(exchange, hosts === 0 ? 'it has no Host' : 'it has more than one Host')
  if (exchange.path.charCodeAt(0) !== 0x2f && !useAbsoluteTarget(exchange)) {
    return malformed(exchange, 'its target is neither a path nor an http URL')
  }
  const host = normaliseHost(exchange.authority)
  if (host === null) return malformed(exchange, `its Host ${JSON.stringify(exchange.authority.slice(0, 100))} is not a host name`)
  exchange.host = host

  if (upgrade !== null) {
    if (exchange.hasBody) return malformed(exchange, 'a request with Upgrade can not have a body')
    exchange.ignoredUpgrade = exchange.upgrade === null
  }

  if (named !== null) removeNamed(headers, named, 2)
  headers[1] = exchange.authority
  if (exchange.hasBody && exchange.contentLength !== null) headers.push('content-length', exchange.contentLength)
  describeOrigin(exchange, headers)
  exchange.headers = headers
  return true
}

/** RFC 9112, section 3.2.2: the target's host counts, not that of the Host header. */
const useAbsoluteTarget = (exchange: Exchange): boolean => {
  const match = /^http:\/\/([^/?#]*)([^#]*)$/i.exec(exchange.path)
  if (match === null) return false
  exchange.authority = match[1] as string
  const rest = match[2] as string
  exchange.path = rest.charCodeAt(0) === 0x2f ? rest : `/${rest}`
  return true
}

const describeOrigin = (exchange: Exchange, headers: string[]): void => {
  const { connection, authority, gateway, via, req } = exchange
  const ours = `${req.httpVersion} ${gateway.pseudonym}`
  headers.push(
    'X-Forwarded-For',
    connection.address,
    'X-Forwarded-Host',
    authority,
    'X-Forwarded-Proto',
    'http',
    'X-Forwarded-Port',
    connection.port,
    'Forwarded',
    `for=${connection.forwardedFor};host="${authority}";proto=http`,
    'Via',
    via === null ? ours : `${via}, ${ours}`,
    'X-Request-Id',
    exchange.id,
  )
}

/** What follows on this connection can't be told apart from this request any more: it is closed. */
const malformed = (exchange: Exchange, why: string): false => {
  exchange.refuse(new StandinError('invalid', `The request was not understood: ${why}`), { close: true })
  return false
}
