import { size } from './protocol.ts'

/**
 * A domain name as it stands on the wire, letters in lower case, one character an octet (latin1), the root's zero octet
 * included. Octets of any value survive in it, a dot inside a label too, so it can be a key (RFC 2181, section 11).
 */
export type WireName = string

/**
 * The wire form of a name that is written with dots, as the record table has them; a last dot is allowed.
 * Undefined where it can't be one: an empty label, a label above 63 or a name above 255 octets (RFC 1035, section 2.3.4).
 */
export function wireName(text: string): WireName | undefined {
  const trimmed = text.endsWith('.') ? text.slice(0, -1) : text
  if (trimmed === '') return text === '.' ? '\0' : undefined
  let name = ''
  for (const label of trimmed.split('.')) {
    if (label.length === 0 || label.length > size.label || !isLatin1(label)) return undefined
    name += String.fromCharCode(label.length) + lowerCase(label)
  }
  return name.length + 1 > size.name ? undefined : `${name}\0`
}

/** For people: escapes as in a master file (RFC 1035, section 5.1), without the last dot. */
export function displayName(name: WireName): string {
  const labels: string[] = []
  for (let at = 0; at < name.length - 1; ) {
    const length = name.charCodeAt(at)
    let label = ''
    for (const character of name.slice(at + 1, at + 1 + length)) {
      const code = character.charCodeAt(0)
      if (character === '.' || character === '\\') label += `\\${character}`
      else label += code > 0x20 && code < 0x7f ? character : `\\${String(code).padStart(3, '0')}`
    }
    labels.push(label)
    at += 1 + length
  }
  return labels.length === 0 ? '.' : labels.join('.')
}

/** Offsets of the labels of a name, the root's left out. */
export function labelOffsets(name: WireName): number[] {
  const offsets: number[] = []
  for (let at = 0; at < name.length - 1; at += 1 + name.charCodeAt(at)) offsets.push(at)
  return offsets
}

export function nameBytes(name: WireName): Buffer {
  return Buffer.from(name, 'latin1')
}

/** Lower case as RFC 4343, section 3 has it: US-ASCII letters and nothing else. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** The same for octets. */
export const lowerCaseOctet: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet,
)

/** The same for four octets in a word of 32 bits, signed. An octet is a letter if 0x41 can be taken from its lower seven bits, 0x5b can't, and its eighth is 0. */
export function lowerCaseWord(word: number): number {
  const low = word & 0x7f7f_7f7f
  const isUpper = (low + 0x3f3f_3f3f) & ~(low + 0x2525_2525) & ~word & 0x8080_8080
  return word | (isUpper >>> 2)
}

function isLatin1(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0xff) return false
  return true
}
