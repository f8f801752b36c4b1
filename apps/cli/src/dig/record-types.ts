import { StandinError } from '@standin/client/errors'

/** Those that can be asked for by name, from the IANA registry "Domain Name System (DNS) Parameters"; others as TYPE and a number (RFC 3597, section 5). */
const numbers: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  DS: 43,
  DNSKEY: 48,
  SVCB: 64,
  HTTPS: 65,
  ANY: 255,
  CAA: 257,
}
const names = new Map(Object.entries(numbers).map(([name, number]) => [number, name]))

/** @throws StandinError `invalid` */
export function typeNumber(text: string): number {
  const known = Object.hasOwn(numbers, text.toUpperCase()) ? numbers[text.toUpperCase()] : undefined
  const number = known ?? Number(/^TYPE([0-9]{1,5})$/i.exec(text)?.[1] ?? Number.NaN)
  if (number >= 1 && number <= 65_535) return number
  throw new StandinError('invalid', `'${text}' is not a type of records.`, {
    hint: `It may be ${Object.keys(numbers).join(', ')} or TYPE with a number.`,
  })
}

export function typeName(number: number): string {
  return names.get(number) ?? `TYPE${number}`
}
