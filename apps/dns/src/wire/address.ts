import { isIP } from 'node:net'
import type { WireName } from './name.ts'

/**
 * The octets of an IP address: 4 or 16; undefined for anything else. A zone index (`fe80::1%eth0`) means nothing on
 * another machine, so it is not taken.
 */
export function addressBytes(text: string): Buffer | undefined {
  if (text.includes('%')) return undefined
  const family = isIP(text)
  if (family === 4) return Buffer.from(text.split('.').map(Number))
  return family === 6 ? ipv6Bytes(text) : undefined
}

/** The name that an address's PTR record has: RFC 1035, section 3.5; RFC 3596, section 2.5. */
export function reverseName(address: Buffer): WireName {
  const labels =
    address.length === 4
      ? [...address].map(String)
      : [...address].flatMap((octet) => [(octet >> 4).toString(16), (octet & 15).toString(16)])
  const suffix = address.length === 4 ? '\x07in-addr\x04arpa\0' : '\x03ip6\x04arpa\0'
  return labels.reverse().reduce((name, label) => name + String.fromCharCode(label.length) + label, '') + suffix
}

function ipv6Bytes(text: string): Buffer {
  // The last 32 bits may be written as an IPv4 address (RFC 4291, section 2.2).
  const dotted = text.lastIndexOf(':') + 1
  const groups = text.includes('.') ? text.slice(0, dotted) + hexGroups(text.slice(dotted)) : text
  const [head = '', tail] = groups.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array<string>(8 - before.length - after.length).fill('0')
  const bytes = Buffer.alloc(16)
  for (const [index, group] of [...before, ...zeros, ...after].entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2)
  return bytes
}

function hexGroups(ipv4: string): string {
  const bytes = Buffer.from(ipv4.split('.').map(Number))
  return `${bytes.readUInt16BE(0).toString(16)}:${bytes.readUInt16BE(2).toString(16)}`
}
