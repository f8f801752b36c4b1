import { domainToASCII } from 'node:url'

/** The wire form of a name; undefined where it can't be one (RFC 1035, section 2.3.4). `\.` and `\046` are taken as they are in master files (section 5.1). */
export function writeName(text: string): Buffer | undefined {
  // Letters of other scripts, as browsers write them; what has an underscore, say, is not touched.
  const ascii = /[^\x20-\x7e]/.test(text) ? domainToASCII(text) : text
  if (ascii === '.') return Buffer.from([0])
  const octets: number[] = []
  let label: number[] = []
  const trimmed = ascii.replace(/(?<!\\)\.$/, '')
  const parts = trimmed.match(/\\[0-9]{3}|\\.|[^\\]/g) ?? []
  for (const part of [...parts, '.']) {
    if (part === '.') {
      if (label.length === 0 || label.length > 63) return undefined
      octets.push(label.length, ...label)
      label = []
    } else label.push(part.length === 4 ? Number(part.slice(1)) & 0xff : part.charCodeAt(part.length - 1))
  }
  octets.push(0)
  return octets.length > 255 ? undefined : Buffer.from(octets)
}

/** A name of a message, with a dot at its end, and the offset after it. @throws RangeError where there is none */
export function readName(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = []
  let at = start
  let end = -1
  // Pointers only go back, so there are no more of them than octets.
  for (let jumps = 0; jumps < 128; ) {
    const length = message.readUInt8(at)
    if (length === 0) return { name: `${labels.join('.')}.`, end: end < 0 ? at + 1 : end }
    if (length >= 0xc0) {
      if (end < 0) end = at + 2
      at = message.readUInt16BE(at) & 0x3fff
      jumps++
      continue
    }
    if (length > 63 || at + length >= message.length) throw new RangeError('a name is cut off')
    labels.push([...message.subarray(at + 1, at + 1 + length)].map(escaped).join(''))
    at += length + 1
    if (labels.length > 128) break
  }
  throw new RangeError('a name goes round in a circle')
}

/** RFC 1035, section 5.1. */
function escaped(octet: number): string {
  const character = String.fromCharCode(octet)
  if (character === '.' || character === '\\') return `\\${character}`
  return octet > 0x20 && octet < 0x7f ? character : `\\${String(octet).padStart(3, '0')}`
}
