import type { AddressRange, ForwardingSettings } from '../dnsmasq/settings.ts'
import type { WireName } from '../wire/name.ts'
import type { AddressedRecords } from './reply-facts.ts'
import { isWithin } from './reply-names.ts'

const range = (octets: readonly number[], bits: number): AddressRange => ({ octets: Uint8Array.from(octets), bits })
const ipv6 = (first: number, bits: number) => range([first >> 8, first & 0xff, ...Array<number>(14).fill(0)], bits)

/** What `rebind-localhost-ok` lets through, as dnsmasq has it. */
const localhost: readonly AddressRange[] = [range([127, 0, 0, 0], 8), range([0, 0, 0, 0], 8)]
const localhost6: readonly AddressRange[] = [range(Array<number>(16).fill(0), 128), range([...Array<number>(15).fill(0), 1], 128)]

/** Networks that a name of the public DNS has no business in: RFC 6890, section 2.2.2. */
const privateNetworks: readonly AddressRange[] = [
  range([10, 0, 0, 0], 8), // RFC 1918, section 3
  range([172, 16, 0, 0], 12),
  range([192, 168, 0, 0], 16),
  range([169, 254, 0, 0], 16), // RFC 3927, section 2.1
  range([192, 0, 2, 0], 24), // RFC 5737, section 3
  range([198, 51, 100, 0], 24),
  range([203, 0, 113, 0], 24),
  range([255, 255, 255, 255], 32),
]
const privateNetworks6: readonly AddressRange[] = [
  ipv6(0xfc00, 7), // RFC 4193, section 3.1; dnsmasq has fd00::/8 only
  ipv6(0xfe80, 10), // RFC 4291, section 2.5.6
  ipv6(0xfec0, 10), // RFC 4291, section 2.5.7
  range([0x20, 0x01, 0x0d, 0xb8, ...Array<number>(12).fill(0)], 32), // RFC 3849, section 2
]

/** `ignored`: as if it had not come. `bogus`: such a name does not exist. `rebind`: an attack by an address of ours. */
export type AddressVerdict = 'fine' | 'ignored' | 'bogus' | 'rebind'

/** What is to become of a reply because of the addresses in it, dnsmasq's options in dnsmasq's order. */
export class AddressRules {
  readonly #settings: ForwardingSettings
  readonly #private: readonly AddressRange[]
  readonly #hasRules: boolean

  constructor(settings: ForwardingSettings) {
    this.#settings = settings
    const { stop, localhostOk } = settings.rebind
    this.#private = stop ? [...privateNetworks, ...privateNetworks6, ...(localhostOk ? [] : [...localhost, ...localhost6])] : []
    this.#hasRules = stop || settings.bogusAddresses.length > 0 || settings.ignoredAddresses.length > 0
  }

  /** `name`: what was asked for; exemptions go by it, not by what aliases lead to. */
  verdict(name: WireName, { records, addresses }: AddressedRecords): AddressVerdict {
    if (!this.#hasRules || addresses.length === 0) return 'fine'
    const { ignoredAddresses, bogusAddresses, rebind } = this.#settings
    const isAmong = (ranges: readonly AddressRange[]) =>
      addresses.some(({ at, length }) => ranges.some((each) => isInRange(records.subarray(at, at + length), each)))
    if (isAmong(ignoredAddresses)) return 'ignored'
    if (isAmong(bogusAddresses)) return 'bogus'
    if (!isAmong(this.#private)) return 'fine'
    return rebind.exemptDomains.some((domain) => isWithin(name, domain)) ? 'fine' : 'rebind'
  }
}

/** An IPv6 address that leads to an IPv4 one is in the ranges of both. */
function isInRange(address: Buffer, { octets, bits }: AddressRange): boolean {
  if (address.length === octets.length) return startsWith(address, octets, bits)
  const at = address.length === 16 ? embeddedAt(address) : -1
  return at >= 0 && startsWith(address.subarray(at, at + 4), octets, bits)
}

interface Embedding {
  readonly prefix: AddressRange
  /** Where the IPv4 address stands. */
  readonly at: number
}
const embeddings: readonly Embedding[] = [
  { prefix: range([...Array<number>(10).fill(0), 0xff, 0xff, 0, 0, 0, 0], 96), at: 12 }, // ::ffff:10.0.0.1: RFC 4291, section 2.5.5.2
  { prefix: range([0, 0x64, 0xff, 0x9b, ...Array<number>(12).fill(0)], 96), at: 12 }, // NAT64: RFC 6052, section 2.1
  { prefix: range([0, 0x64, 0xff, 0x9b, 0, 1, ...Array<number>(10).fill(0)], 48), at: 12 }, // RFC 8215
  { prefix: range([0x20, 0x02, ...Array<number>(14).fill(0)], 16), at: 2 }, // 6to4: RFC 3056, section 2
]

function embeddedAt(address: Buffer): number {
  for (const { prefix, at } of embeddings) if (startsWith(address, prefix.octets, prefix.bits)) return at
  return -1
}

function startsWith(address: Buffer, octets: Uint8Array, bits: number): boolean {
  const whole = bits >> 3
  for (let at = 0; at < whole; at++) if (address[at] !== octets[at]) return false
  const rest = bits & 7
  return rest === 0 || (address[whole] as number) >> (8 - rest) === (octets[whole] as number) >> (8 - rest)
}
