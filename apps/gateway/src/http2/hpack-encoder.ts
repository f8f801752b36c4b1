import { staticTable } from './hpack-static-table.ts'

/**
 * Header blocks as latin1 text (RFC 7541). Names of the static table go as their index, everything else as it is: no
 * table has to be kept for a connection, and nothing that was said before can be guessed from a length (section 7.1).
 */

/** Names that were encoded before; endpoints use the same few again and again. */
const names = new Map<string, string>()
const namesKept = 1_000
const longestKept = 64

const indexOf = new Map<string, number>()
for (let i = staticTable.length - 2; i >= 0; i -= 2) indexOf.set(staticTable[i] as string, i / 2 + 1)

/** Says that our table is empty, once for all: whatever the client's limit is or becomes (RFC 7541, section 4.2). */
export const noDynamicTable = '\x20'

/** The name may be in any case (RFC 9113, section 8.2). */
export const encodeField = (name: string, value: string): string =>
  (names.get(name) ?? encodeName(name)) + encodeInteger(value.length, 0x7f, 0) + value

/** Names and values in turn. */
export const encodeFields = (fields: readonly string[]): string => {
  let block = ''
  for (let i = 0; i < fields.length; i += 2) block += encodeField(fields[i] as string, fields[i + 1] as string)
  return block
}

/** Of a response, or an informational one. */
export const encodeStatus = (status: number): string => statuses.get(status) ?? encodeField(':status', String(status))

const encodeName = (name: string): string => {
  const lower = name.toLowerCase()
  // What identifies somebody is not to be kept by anybody on the way (RFC 7541, section 7.1.3).
  const kind = lower === 'set-cookie' ? 0x10 : 0
  const index = indexOf.get(lower)
  const text =
    index === undefined ? String.fromCharCode(kind) + encodeInteger(lower.length, 0x7f, 0) + lower : encodeInteger(index, 0x0f, kind)
  if (names.size < namesKept && name.length <= longestKept) names.set(name, text)
  return text
}

/** RFC 7541, section 5.1. @param mask of the bits of the first byte that belong to it */
const encodeInteger = (value: number, mask: number, first: number): string => {
  if (value < mask) return String.fromCharCode(first | value)
  let text = String.fromCharCode(first | mask)
  let rest = value - mask
  for (; rest >= 0x80; rest >>>= 7) text += String.fromCharCode(0x80 | (rest & 0x7f))
  return text + String.fromCharCode(rest)
}

const statuses = new Map<number, string>()
for (let i = 0; i < staticTable.length; i += 2) {
  if (staticTable[i] === ':status') statuses.set(Number(staticTable[i + 1]), String.fromCharCode(0x80 | (i / 2 + 1)))
}
