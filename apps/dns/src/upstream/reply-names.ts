import { lowerCaseOctet, type WireName } from '../wire/name.ts'
import { size } from '../wire/protocol.ts'

/**
 * The name at `at`, compression followed (RFC 1035, section 4.1.4), in lower case. Undefined where it is none: cut off,
 * longer than a name can be, or with a pointer that does not lead back, as one that goes round would.
 */
export function readName(message: Buffer, at: number): WireName | undefined {
  let name = ''
  let next = at
  let earliest = at
  for (;;) {
    if (next >= message.length) return undefined
    const length = message[next] as number
    if (length >= 0xc0) {
      if (next + 1 >= message.length) return undefined
      const target = ((length & 0x3f) << 8) | (message[next + 1] as number)
      if (target >= earliest || target < size.header) return undefined
      earliest = target
      next = target
      continue
    }
    const end = next + 1 + length
    if (length > size.label || end > message.length || name.length + 1 + length > size.name) return undefined
    for (; next < end; next++) name += String.fromCharCode(lowerCaseOctet[message[next] as number] as number)
    if (length === 0) return name
  }
}

/** Puts the letters that are written out at `at`, up to the name's end or its pointer, in lower case. */
export function lowerNameAt(message: Buffer, at: number): void {
  for (let next = at; next < message.length; ) {
    const length = message[next] as number
    if (length === 0 || length > size.label) return
    for (const end = next + 1 + length; next < end && next < message.length; next++)
      message[next] = lowerCaseOctet[message[next] as number] as number
  }
}

/** Whether `name` is `domain` or below it. Both in wire form, whole labels compared. */
export function isWithin(name: WireName, domain: WireName): boolean {
  if (!name.endsWith(domain)) return false
  const start = name.length - domain.length
  let at = 0
  while (at < start) at += 1 + name.charCodeAt(at)
  return at === start
}
