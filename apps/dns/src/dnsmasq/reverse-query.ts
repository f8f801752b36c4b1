import type { WireName } from '../wire/name.ts'

const ipv4Suffix = '\x07in-addr\x04arpa\0'
const ipv6Suffix = '\x03ip6\x04arpa\0'

/**
 * Whether a name is the reverse of an address, or of a network, that is private: RFC 6303, section 4, and what dnsmasq adds
 * (site-local addresses and all of ::, for which see RFC 3879 and RFC 4291, section 2.5.5.1).
 */
export function isPrivateReverse(name: WireName, labels: readonly number[]): boolean {
  if (name.endsWith(ipv4Suffix)) return labels.length > 2 && isPrivateIpv4(name, labels)
  return name.endsWith(ipv6Suffix) && labels.length > 2 && isPrivateIpv6(name, labels)
}

/** What is left out of a network's address is 0. */
function isPrivateIpv4(name: WireName, labels: readonly number[]): boolean {
  for (let index = 0; index < labels.length - 2; index++) if (octetOf(name, labels, index) < 0) return false
  const first = octetOf(name, labels, labels.length - 3)
  const second = Math.max(0, octetOf(name, labels, labels.length - 4))
  const third = Math.max(0, octetOf(name, labels, labels.length - 5))
  switch (first) {
    case 0:
    case 10:
    case 127:
      return true
    case 169:
      return second === 254
    case 172:
      return second >= 16 && second <= 31
    case 192:
      return second === 168 || (second === 0 && third === 2)
    case 198:
      return second === 51 && third === 100
    case 203:
      return second === 0 && third === 113
    case 255:
      return second === 255 && third === 255 && octetOf(name, labels, labels.length - 6) === 255
    default:
      return false
  }
}

/** -1: no such label, or no number of up to three digits. */
function octetOf(name: WireName, labels: readonly number[], index: number): number {
  const start = labels[index]
  if (index < 0 || start === undefined) return -1
  const length = name.charCodeAt(start)
  if (length > 3) return -1
  let value = 0
  for (let at = start + 1; at <= start + length; at++) {
    const digit = name.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/** By the first nibbles, each a label: fd00::/8, fe80::/10, fec0::/10, 2001:db8::/32, :: and ::1. */
function isPrivateIpv6(name: WireName, labels: readonly number[]): boolean {
  let nibbles = ''
  for (let index = labels.length - 3; index >= 0; index--) {
    const start = labels[index] as number
    if (name.charCodeAt(start) !== 1) return false
    nibbles += name[start + 1]
  }
  return /^(fd|fe[89a-f]|20010db8|0{31}[01]$)/.test(nibbles) && /^[0-9a-f]+$/.test(nibbles)
}
