import { isIPv4, isIPv6 } from 'node:net'

/**
 * The PROXY protocol, versions 1 and 2 ("The PROXY protocol", HAProxy's doc/proxy-protocol.txt): what a load balancer puts
 * before the first byte of a connection, to tell whom it comes from.
 */

/** What a header says of a connection. */
export interface ProxiedClient {
  readonly address: string
  readonly port: number
  /** Where the client had connected to. */
  readonly localAddress: string
  readonly localPort: number
}

export type ProxyHeader =
  /** More has to come. */
  | { readonly kind: 'incomplete' }
  /** The connection is no good. */
  | { readonly kind: 'invalid'; readonly why: string }
  /** @property length bytes of the header; `client` null: the proxy speaks for itself, or doesn't know */
  | { readonly kind: 'complete'; readonly length: number; readonly client: ProxiedClient | null }

const incomplete: ProxyHeader = { kind: 'incomplete' }
const invalid = (why: string): ProxyHeader => ({ kind: 'invalid', why })

/** Section 2.2: the twelve bytes that no HTTP request can begin with. */
export const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** Section 2.1: "the longest line is 107 characters", its CRLF included. */
const longestLine = 107
/** Bytes of addresses and TLVs together; more than any sender is known to need. */
const longestPayload = 4_096

/** Reads a header at the beginning of `bytes`, as far as it has come. */
export const parseProxyHeader = (bytes: Buffer): ProxyHeader => {
  if (bytes.length === 0) return incomplete
  return bytes[0] === 0x50 ? parseLine(bytes) : parseBinary(bytes)
}

/** Version 1: `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n` (section 2.1). */
const parseLine = (bytes: Buffer): ProxyHeader => {
  const text = bytes.toString('latin1', 0, Math.min(bytes.length, longestLine))
  const start = 'PROXY '
  if (!(text.length < start.length ? start.startsWith(text) : text.startsWith(start))) return invalid('it begins with no PROXY header')
  const end = text.indexOf('\r\n')
  if (end === -1) return text.length === longestLine ? invalid('the PROXY line is too long') : incomplete
  const length = end + 2
  const [, protocol, source = '', destination = '', sourcePort = '', destinationPort = '', ...more] = text.slice(0, end).split(' ')
  // "The receiver must ignore anything presented before the CRLF."
  if (protocol === 'UNKNOWN') return { kind: 'complete', length, client: null }
  const isAddress = protocol === 'TCP4' ? isIPv4 : protocol === 'TCP6' ? isIPv6 : null
  if (isAddress === null) return invalid('the PROXY line names no protocol that there is')
  const port = parsePort(sourcePort)
  const localPort = parsePort(destinationPort)
  if (!isAddress(source) || !isAddress(destination) || port === null || localPort === null || more.length > 0) {
    return invalid('the PROXY line is malformed')
  }
  return { kind: 'complete', length, client: { address: source, port, localAddress: destination, localPort } }
}

const parsePort = (text: string): number | null => {
  const port = /^(?:0|[1-9][0-9]{0,4})$/.test(text) ? Number(text) : -1
  return port >= 0 && port <= 65_535 ? port : null
}

/** Version 2 (section 2.2): signature, version and command, family and protocol, length, addresses, TLVs. */
const parseBinary = (bytes: Buffer): ProxyHeader => {
  const known = Math.min(bytes.length, signature.length)
  if (bytes.compare(signature, 0, known, 0, known) !== 0) return invalid('it begins with no PROXY header')
  if (bytes.length < 16) return incomplete
  const versionAndCommand = bytes.readUInt8(12)
  const familyAndProtocol = bytes.readUInt8(13)
  const payload = bytes.readUInt16BE(14)
  if (versionAndCommand >> 4 !== 2) return invalid('the PROXY header has a version that there is not')
  const command = versionAndCommand & 0x0f
  if (command > 1) return invalid('the PROXY header has a command that there is not')
  if (payload > longestPayload) return invalid('the PROXY header is too long')
  const length = 16 + payload
  if (bytes.length < length) return incomplete
  // LOCAL: the proxy itself, to see whether we are well. "The receiver must accept this connection as valid and must use
  // the real connection endpoints"; the same goes for families that are not the internet's.
  if (command === 0) return { kind: 'complete', length, client: null }
  const size = familyAndProtocol === 0x11 ? 4 : familyAndProtocol === 0x21 ? 16 : 0
  if (size === 0) return { kind: 'complete', length, client: null }
  if (payload < 2 * size + 4) return invalid('the PROXY header is shorter than its addresses')
  const addressAt = (at: number) => (size === 4 ? bytes.subarray(at, at + 4).join('.') : ipv6Text(bytes.subarray(at, at + 16)))
  return {
    kind: 'complete',
    length,
    client: {
      address: addressAt(16),
      localAddress: addressAt(16 + size),
      port: bytes.readUInt16BE(16 + 2 * size),
      localPort: bytes.readUInt16BE(18 + 2 * size),
    },
  }
}

/** Short, as everybody writes it (RFC 5952); an IPv4 address in its own form (RFC 4291, section 2.5.5.2). */
const ipv6Text = (bytes: Buffer): string => {
  if (bytes.subarray(0, 12).equals(mappedPrefix)) return bytes.subarray(12).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
}

const mappedPrefix = Buffer.from('00000000000000000000ffff', 'hex')
