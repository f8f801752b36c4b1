import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { addressBytes } from '../wire/address.ts'
import { type WireName, wireName } from '../wire/name.ts'
import { size } from '../wire/protocol.ts'
import { ValueError } from './configuration-line.ts'
import type { AddressRange, UpstreamServer } from './settings.ts'

const maximumTtl = 2 ** 31 - 1

/** A whole number of at most `maximum`. @throws ValueError */
export function readNumber(text: string, what: string, maximum: number = maximumTtl): number {
  const value = Number(text)
  if (!/^[0-9]+$/.test(text) || value > maximum) throw new ValueError(`"${text}" is no ${what} (a number from 0 to ${maximum})`)
  return value
}

/** A name, in lower case; one with other letters than ASCII as RFC 5890 has it. A last dot is allowed. @throws ValueError */
export function readName(text: string): WireName {
  const plain = plainName(text)
  if (plain !== undefined) return plain
  const name = text === '.' || text === '' ? undefined : wireName(isAscii(text) ? text : domainToASCII(text))
  if (name === undefined || /[\0-\x20]/.test(text)) throw new ValueError(`"${text}" is no domain name`)
  return name
}

/** `192.0.2.0/24`, `192.0.2.1`. @throws ValueError */
export function readRange(text: string): AddressRange {
  const [address = '', bits, ...rest] = text.split('/')
  const octets = addressBytes(address)
  if (octets === undefined || rest.length > 0) throw new ValueError(`"${text}" is no IP address, with or without /BITS`)
  const most = octets.length * 8
  return { octets, bits: bits === undefined ? most : readNumber(bits, 'length of a prefix', most) }
}

/** `192.0.2.1`, `192.0.2.1#5353`, `192.0.2.1@192.0.2.9#53`, IPv6 as well. @throws ValueError */
export function readServer(text: string): UpstreamServer {
  const [target = '', source, ...rest] = text.split('@')
  const { address, port = 53 } = readEndpoint(target, 'name servers are given by their numeric addresses')
  if (port === 0) throw new ValueError(`"${text}": port 0 can not be asked`)
  if (source === undefined) return { address, port }
  if (rest.length > 0) throw new ValueError(`"${text}" has an interface; only a source address can be given after @`)
  const from = readEndpoint(source, 'only a source address can be given after @, no interface')
  return { address, port, sourceAddress: from.address, ...(from.port === undefined ? {} : { sourcePort: from.port }) }
}

function readEndpoint(text: string, otherwise: string): { readonly address: string; readonly port?: number } {
  const [address = '', port, ...rest] = text.split('#')
  if (isIP(address) === 0 || address.includes('%') || rest.length > 0) throw new ValueError(`"${text}" is no IP address: ${otherwise}`)
  return port === undefined || port === '' ? { address } : { address, port: readNumber(port, 'port', 65_535) }
}

function isAscii(text: string): boolean {
  return !/[\u0080-\uffff]/.test(text)
}

/** Names of the usual letters, which most are, without detours. Undefined: another name, or none. */
function plainName(text: string): WireName | undefined {
  if (text.length > size.name - 2 || !/^[a-z0-9_.-]+$/.test(text)) return undefined
  let name = ''
  for (let start = 0; start <= text.length; ) {
    const dot = text.indexOf('.', start)
    const end = dot < 0 ? text.length : dot
    if (end === start || end - start > size.label) return undefined
    name += String.fromCharCode(end - start) + text.slice(start, end)
    start = end + 1
  }
  return `${name}\0`
}
