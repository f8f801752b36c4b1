import type { Buffer } from 'node:buffer'
import type { SearchEntry } from 'ldapts'

/** An entry as it was sent. */
export interface LdapEntry {
  readonly dn: string
  /** Octets by attribute, in lower case and without options: `cn;lang-en` is `cn`. */
  readonly values: ReadonlyMap<string, readonly Buffer[]>
  /** Attributes that were cut short, as Active Directory does with long ones: `member;range=0-1499`. */
  readonly isCut: boolean
}

export function toEntry({ name, attributes }: SearchEntry): LdapEntry {
  const values = new Map<string, Buffer[]>()
  let isCut = false
  for (const { type, parsedBuffers } of attributes) {
    const [attribute = '', ...options] = type.toLowerCase().split(';')
    if (options.some((option) => /^range=\d+-\d+$/.test(option))) isCut = true
    values.set(attribute, [...(values.get(attribute) ?? []), ...parsedBuffers])
  }
  return { dn: name, values, isCut }
}

export function textsOf({ values }: LdapEntry, attribute: string): string[] {
  return (values.get(attribute.toLowerCase()) ?? []).map((octets) => octets.toString('utf8'))
}

/** What stands for an entry for ever. Active Directory's is octets, written as it writes them: the first three numbers turned round. */
export function idOf({ values }: LdapEntry, attribute: string): string | undefined {
  const [octets] = values.get(attribute.toLowerCase()) ?? []
  if (octets === undefined || octets.length === 0) return undefined
  if (attribute.toLowerCase() !== 'objectguid' || octets.length !== 16) return octets.toString('utf8')
  const [first, second, third] = [octets.readUInt32LE(0), octets.readUInt16LE(4), octets.readUInt16LE(6)]
  const hex = (number: number, length: number) => number.toString(16).padStart(length, '0')
  const rest = octets.toString('hex', 8)
  return `${hex(first, 8)}-${hex(second, 4)}-${hex(third, 4)}-${rest.slice(0, 4)}-${rest.slice(4)}`
}
