import { addressBytes } from '../wire/address.ts'
import type { WireName } from '../wire/name.ts'
import { ipv4Number } from './ipv4-number.ts'

const ipv4Suffix = '\x07in-addr\x04arpa\0'
const ipv6Suffix = '\x03ip6\x04arpa\0'

/**
 * An address, or the beginning of one, as a reverse name has it: `4` or `6` for the family, then its nibbles in hexadecimal
 * digits, the first one first. `440c0` is 64.192.0.0/16. Neighbours in the tree of names are neighbours here.
 */
export type AddressPrefix = string

/** Undefined where it is no address. */
export function prefixOfAddress(address: string): AddressPrefix | undefined {
  const ipv4 = ipv4Number(address)
  if (ipv4 >= 0) return `4${ipv4.toString(16).padStart(8, '0')}`
  const octets = addressBytes(address)
  return octets?.length === 16 ? `6${octets.toString('hex')}` : undefined
}

export function isWhole(prefix: AddressPrefix): boolean {
  return prefix.length === (prefix.startsWith('4') ? 9 : 33)
}

/**
 * What a name below in-addr.arpa (RFC 1035, section 3.5) or ip6.arpa (RFC 3596, section 2.5) stands for. Undefined where it
 * stands for nothing: too many labels, `007`, `256`, a letter that is no digit. `labels`: where the labels of `name` begin.
 */
export function prefixOfName(name: WireName, labels: readonly number[]): AddressPrefix | undefined {
  if (name.endsWith(ipv4Suffix)) return ipv4Prefix(name, labels)
  if (name.endsWith(ipv6Suffix)) return ipv6Prefix(name, labels)
  return undefined
}

function ipv4Prefix(name: WireName, labels: readonly number[]): AddressPrefix | undefined {
  if (labels.length > 6) return undefined
  let prefix = '4'
  for (let index = labels.length - 3; index >= 0; index--) {
    const start = labels[index] as number
    const text = name.slice(start + 1, start + 1 + name.charCodeAt(start))
    const octet = Number(text)
    if (!(octet <= 255) || String(octet) !== text) return undefined
    prefix += octet.toString(16).padStart(2, '0')
  }
  return prefix
}

function ipv6Prefix(name: WireName, labels: readonly number[]): AddressPrefix | undefined {
  if (labels.length > 34) return undefined
  let prefix = '6'
  for (let index = labels.length - 3; index >= 0; index--) {
    const start = labels[index] as number
    const digit = name[start + 1] as string
    if (name.charCodeAt(start) !== 1 || !((digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f'))) return undefined
    prefix += digit
  }
  return prefix
}
