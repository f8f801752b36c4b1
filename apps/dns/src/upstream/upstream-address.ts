import { isIP } from 'node:net'
import type { UpstreamServer } from '../dnsmasq/settings.ts'

const plainPort = 53
/** RFC 7858, section 3.1. */
const tlsPort = 853

/**
 * Reads whom to ask: `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`; over TLS `tls://192.0.2.1`,
 * `tls://192.0.2.1:853#dns.example`, the name after `#` being what the certificate has to be for. Undefined: it is none of these.
 */
export function readUpstream(text: string): UpstreamServer | undefined {
  if (!text.startsWith('tls://')) return readAddress(text, plainPort)
  const [, where = '', name] = /^tls:\/\/([^#]*)(?:#(.*))?$/.exec(text) ?? []
  const address = readAddress(where, tlsPort)
  if (address === undefined) return undefined
  if (name === undefined) return { ...address, tls: {} }
  return isHostName(name) ? { ...address, tls: { name } } : undefined
}

/** As `readUpstream` reads it; it names the upstream in logs and metrics, and is the same for equal ones. */
export function upstreamLabel({ address, port, tls, sourceAddress, sourcePort }: UpstreamServer): string {
  const where = `${address.includes(':') ? `[${address}]` : address}:${port}`
  const from = sourceAddress === undefined ? '' : `@${sourceAddress}${sourcePort === undefined ? '' : `#${sourcePort}`}`
  if (tls === undefined) return `${where}${from}`
  return `tls://${where}${tls.name === undefined ? '' : `#${tls.name}`}${from}`
}

function readAddress(text: string, defaultPort: number): { address: string; port: number } | undefined {
  if (isIP(text) !== 0) return { address: text, port: defaultPort }
  const [, ipv6, other, digits] = /^(?:\[([^\]]+)\]|([^:]+))(?::([0-9]{1,5}))?$/.exec(text) ?? []
  const port = digits === undefined ? defaultPort : Number(digits)
  if (isIP(ipv6 ?? other ?? '') !== (ipv6 === undefined ? 4 : 6) || port < 1 || port > 65_535) return undefined
  return { address: (ipv6 ?? other) as string, port }
}

function isHostName(text: string): boolean {
  return text.length <= 253 && text.split('.').every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(label))
}
