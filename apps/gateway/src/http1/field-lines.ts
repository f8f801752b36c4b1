/** Characters of a token, by code (RFC 9110, section 5.6.2). */
export const isTokenChar = new Uint8Array(256)
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") isTokenChar[char.charCodeAt(0)] = 1

/** Characters of a field value, by code: no controls but the tab (RFC 9110, section 5.5). */
const isValueChar = new Uint8Array(256)
for (let code = 0x20; code < 0x100; code++) isValueChar[code] = code === 0x7f ? 0 : 1
isValueChar[0x09] = 1

/**
 * Reads field lines, of a head or of trailers, and takes nothing that isn't plainly valid: no folding, no space before
 * the colon, no bare CR or LF, no control characters (RFC 9112, section 5).
 * @param text latin1, so that each character is a byte
 * @param end behind the CRLF of the last field line; the same as `from` where there is none
 * @returns names and values in turn, as they were sent but for the space around values; null: malformed
 */
export const parseFieldLines = (text: string, from: number, end: number): string[] | null => {
  const fields: string[] = []
  if (from === end) return fields
  // No loop below passes this CR.
  if (text.charCodeAt(end - 2) !== 0x0d || text.charCodeAt(end - 1) !== 0x0a) return null
  let at = from
  while (at < end) {
    const nameStart = at
    let code = text.charCodeAt(at)
    while (isTokenChar[code] === 1) code = text.charCodeAt(++at)
    if (code !== 0x3a || at === nameStart) return null
    const name = text.slice(nameStart, at)
    code = text.charCodeAt(++at)
    while (code === 0x20 || code === 0x09) code = text.charCodeAt(++at)
    const valueStart = at
    while (isValueChar[code] === 1) code = text.charCodeAt(++at)
    if (code !== 0x0d || text.charCodeAt(at + 1) !== 0x0a) return null
    fields.push(name, text.slice(valueStart, trimmedEnd(text, valueStart, at)))
    at += 2
  }
  return at === end ? fields : null
}

const trimmedEnd = (text: string, from: number, end: number): number => {
  while (end > from) {
    const code = text.charCodeAt(end - 1)
    if (code !== 0x20 && code !== 0x09) break
    end--
  }
  return end
}
