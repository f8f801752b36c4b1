import { StandinError } from '@standin/client/errors'
import { BodyKind } from '../http/client-stream.ts'
import { classifyRequestHeader, connectionNamed, HeaderClass, removeNamed } from '../http/headers.ts'
import { normaliseHost } from '../routing/host-name.ts'
import type { Exchange } from './exchange.ts'
import { KeptHead } from './kept-head.ts'
import { Origin } from './origin.ts'

/**
 * Reads the fields once: refuses what is ambiguous, and makes the list of headers for the upstream. What is for this
 * connection alone is left out; what says where the request came from is set anew (RFC 9110, section 7.6.1; RFC 7239).
 * How the message is framed was decided by whoever parsed its head.
 */
export const readHead = (exchange: Exchange): boolean => {
  const { head, connection, gateway } = exchange
  const { raw, fields } = head
  if (fields !== undefined && fields.kept instanceof KeptHead && fields.kept.serve(exchange)) return true
  const headers = ['host', '']
  let hosts = 0
  let upgrade: string | null = null
  let requestId: string | null = null
  let named: string[] | null = null
  let origin: Origin | null = null
  const hasBody = head.bodyKind !== BodyKind.none

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
      case HeaderClass.te:
        if (/(?:^|,)[ \t]*trailers[ \t]*(?:$|[,;])/i.test(value)) exchange.wantsTrailers = true
        break
      case HeaderClass.via:
        exchange.via = exchange.via === null ? value : `${exchange.via}, ${value}`
        break
      case HeaderClass.requestId:
        requestId ??= value
        break
      case HeaderClass.expect:
        // Anything else than this has no meaning (RFC 9110, section 10.1.1).
        if (hasBody && head.version !== '1.0' && value.toLowerCase() === '100-continue') headers.push(name, value)
        break
      case HeaderClass.forwarded:
        if (!gateway.trusted.has(connection.peer)) break
        origin ??= new Origin()
        if (!origin.take(name, value)) headers.push(name, value)
        break
      // `dropped`, and what frames the message.
    }
  }
  exchange.identify(requestId)
  exchange.path = head.target
  if (hosts > 1) return malformed(exchange, 'it has more than one Host')
  if (head.authority !== null) {
    // RFC 9113, section 8.3.1: a Host that says otherwise may have been meant for somebody else.
    if (hosts === 1 && exchange.authority !== head.authority) return malformed(exchange, 'its Host is not its :authority')
    exchange.authority = head.authority
  } else if (hosts === 0) {
    return malformed(exchange, 'it has no Host')
  }
  if (exchange.path.charCodeAt(0) !== 0x2f && !useAbsoluteTarget(exchange)) {
    return malformed(exchange, 'its target is neither a path nor an http URL')
  }
  const host = normaliseHost(exchange.authority)
  if (host === null) return malformed(exchange, `its Host ${JSON.stringify(shown(exchange.authority))} is not a host name`)
  exchange.host = host
  if (!connection.covers(host)) return misdirected(exchange)

  if (upgrade !== null && head.version === '1.1') {
    // What follows it would be taken for a body by some, and for another protocol by others.
    if (hasBody) return malformed(exchange, 'a request with Upgrade can not have a body')
    exchange.isUpgrade = head.method === 'GET' && upgrade.toLowerCase() === 'websocket'
    exchange.ignoredUpgrade = !exchange.isUpgrade
  }
  if (named !== null) removeNamed(headers, named, 2)
  headers[1] = exchange.authority
  describeOrigin(exchange, headers, origin)
  exchange.headers = headers
  // A target with a host of its own is another matter; so is a body, that other headers go with.
  const isPlain = upgrade === null && requestId === null && !hasBody && head.target.charCodeAt(0) === 0x2f
  if (isPlain && fields?.isRepeated === true) fields.kept = new KeptHead(exchange)
  return true
}

/** RFC 9112, section 3.2.2: the target's host counts, not that of the Host header. */
const useAbsoluteTarget = (exchange: Exchange): boolean => {
  const match = /^https?:\/\/([^/?#]*)([^#]*)$/i.exec(exchange.path)
  if (match === null) return false
  exchange.authority = match[1] as string
  const rest = match[2] as string
  exchange.path = rest.charCodeAt(0) === 0x2f ? rest : `/${rest}`
  return true
}

const describeOrigin = (exchange: Exchange, headers: string[], origin: Origin | null): void => {
  const { connection, authority, gateway, via, head } = exchange
  const { address } = connection
  const proto = connection.secure ? 'https' : 'http'
  const element = `for=${forwardedNode(address)};host="${authority}";proto=${proto}`
  headers.push(
    'X-Forwarded-For',
    origin === null || origin.for === '' ? address : `${origin.for}, ${address}`,
    'X-Forwarded-Host',
    origin === null || origin.host === '' ? authority : origin.host,
    'X-Forwarded-Proto',
    origin === null || origin.proto === '' ? proto : origin.proto,
    'X-Forwarded-Port',
    origin === null || origin.port === '' ? String(connection.port) : origin.port,
    'Forwarded',
    origin === null || origin.forwarded === '' ? element : `${origin.forwarded}, ${element}`,
    'Via',
    via === null ? `${head.version} ${gateway.pseudonym}` : `${via}, ${head.version} ${gateway.pseudonym}`,
    'X-Request-Id',
    exchange.id,
  )
}

/** RFC 7239, section 6: an IPv6 address needs brackets and quotes. */
const forwardedNode = (address: string): string => (address.includes(':') ? `"[${address}]"` : address)

/** Without a password that somebody has put into it (RFC 9110, section 4.2.4). */
const shown = (authority: string): string => authority.slice(authority.lastIndexOf('@') + 1).slice(0, 100)

/** What follows on this connection can't be told apart from this request any more: it is closed. */
const malformed = (exchange: Exchange, why: string): false => {
  exchange.refuse(new StandinError('invalid', `The request was not understood: ${why}`), { close: true })
  return false
}

/** RFC 9110, section 15.5.20: the client opens another connection for it. */
const misdirected = (exchange: Exchange): false => {
  exchange.refuse(new StandinError('misdirected', `The certificate of this connection is not for ${exchange.host}`))
  return false
}
