import { type WireName, wireName } from '../wire/name.ts'

/** RFC 6303, sections 4.1 and 4.2: networks of IPv4 that are nobody's, or that everybody has. */
const ipv4 = [
  '10',
  ...numbers(16, 31).map((octet) => `${octet}.172`),
  '168.192',
  '0',
  '127',
  '254.169',
  '2.0.192',
  '100.51.198',
  '113.0.203',
  '255.255.255.255',
  ...numbers(64, 127).map((octet) => `${octet}.100`), // RFC 7793
].map((network) => `${network}.in-addr.arpa`)

/** RFC 6303, sections 4.3 to 4.6: ::, ::1, locally assigned and link-local addresses, those of examples. */
const ipv6 = [
  `0.${'0.'.repeat(31)}ip6.arpa`,
  `1.${'0.'.repeat(31)}ip6.arpa`,
  'd.f.ip6.arpa',
  ...['8', '9', 'a', 'b'].map((nibble) => `${nibble}.e.f.ip6.arpa`),
  '8.b.d.0.1.0.0.2.ip6.arpa',
]

/** Names that the public DNS never has. */
const special = [
  'test', // RFC 6761, section 6.2
  'invalid', // RFC 6761, section 6.4
  'onion', // RFC 7686, section 2
  'home.arpa', // RFC 8375, section 4
]

const zones: ReadonlyMap<WireName, string> = new Map([...ipv4, ...ipv6, ...special].map((text) => [wireName(text) ?? '', text]))

/**
 * The zone, in text, that has a name which nobody outside may be asked for, unless the configuration names somebody;
 * undefined: none has. `labels`: where the labels of `name` begin.
 */
export function localZoneOf(name: WireName, labels: readonly number[]): string | undefined {
  const last = labels.at(-1)
  if (last === undefined) return undefined
  const top = name.slice(last)
  if (top !== '\x04arpa\0') return zones.get(top)
  // No zone is in another one.
  for (let index = labels.length - 2; index >= 0; index--) {
    const zone = zones.get(name.slice(labels[index]))
    if (zone !== undefined) return zone
  }
  return undefined
}

function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}
