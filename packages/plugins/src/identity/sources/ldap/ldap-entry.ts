import { type Buffer, isUtf8 } from 'node:buffer'
import type { SearchEntry } from 'ldapts'

/** An entry as it was sent. */
export interface LdapEntry {
  readonly dn: string
  /** Octets by attribute, in lower case and without options: `cn;lang-en` is `cn`, and comes after what is `cn` alone. */
  readonly values: ReadonlyMap<string, readonly Buffer[]>
  /**
   * Attributes of which there is more, and with which value it goes on: 1500 where `member;range=0-1499` was sent, as Active
   * Directory does with long ones (MS-ADTS, section 3.1.1.3.1.3.3).
   */
  readonly cut: ReadonlyMap<string, number>
}

export function toEntry({ name, attributes }: SearchEntry): LdapEntry {
  const values = new Map<string, Buffer[]>()
  const cut = new Map<string, number>()
  for (const { type, parsedBuffers } of attributes) {
    const [attribute = '', ...options] = type.toLowerCase().split(';')
    const last = options.map((option) => /^range=\d+-(\d+)$/.exec(option)?.[1]).find((each) => each !== undefined)
    if (last !== undefined) cut.set(attribute, Number(last) + 1)
    const before = values.get(attribute) ?? []
    values.set(
      attribute,
      options.some((option) => !option.startsWith('range=')) ? [...before, ...parsedBuffers] : [...parsedBuffers, ...before],
    )
  }
  return { dn: name, values, cut }
}

/** Values that are text: octets that are none can name nobody. */
export function textsOf({ values }: LdapEntry, attribute: string): string[] {
  return (values.get(attribute.toLowerCase()) ?? []).filter((octets) => isUtf8(octets)).map((octets) => octets.toString('utf8'))
}

/** The first value of an attribute; Base64 of what is no text, as LDIF has it (RFC 2849), and nothing where there is none. */
export function printedOf({ values }: LdapEntry, attribute: string): string {
  const [octets] = values.get(attribute.toLowerCase()) ?? []
  return octets === undefined ? '' : isText(octets) ? octets.toString('utf8') : octets.toString('base64')
}

/**
 * What stands for an entry for ever. Active Directory's is octets, written as it writes them: the first three numbers turned
 * round. Other octets (`objectSid`) are hexadecimal: what is no text would look like another one that is none.
 */
export function idOf({ values }: LdapEntry, attribute: string): string | undefined {
  const [octets] = values.get(attribute.toLowerCase()) ?? []
  if (octets === undefined || octets.length === 0) return undefined
  if (attribute.toLowerCase() !== 'objectguid' || octets.length !== 16) return octets.toString(isText(octets) ? 'utf8' : 'hex')
  const [first, second, third] = [octets.readUInt32LE(0), octets.readUInt16LE(4), octets.readUInt16LE(6)]
  const hex = (number: number, length: number) => number.toString(16).padStart(length, '0')
  const rest = octets.toString('hex', 8)
  return `${hex(first, 8)}-${hex(second, 4)}-${hex(third, 4)}-${rest.slice(0, 4)}-${rest.slice(4)}`
}

function isText(octets: Buffer): boolean {
  return isUtf8(octets) && !/\p{Cc}/u.test(octets.toString('utf8'))
}
