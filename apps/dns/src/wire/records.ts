/** Where the records of a message begin and end. Nothing is decoded: names are skipped, never followed. */
export interface RecordSpan {
  readonly start: number
  /** Offset of the type; the owner's name is before it. */
  readonly fixed: number
  readonly type: number
  /** First octet after the record. */
  readonly end: number
}

/**
 * Offset after the name at `at`, or -1 where there is none: cut off, or a label type other than a plain label or a
 * compression pointer (RFC 1035, section 4.1.4; RFC 6891, section 5 retired the others).
 */
function skipName(message: Buffer, at: number): number {
  let next = at
  while (next < message.length) {
    const length = message[next] as number
    if (length === 0) return next + 1
    if (length >= 0xc0) return next + 2 <= message.length ? next + 2 : -1
    if (length > 63) return -1
    next += 1 + length
  }
  return -1
}

/** The record at `at`, or undefined where it does not fit into the message. */
export function recordAt(message: Buffer, at: number): RecordSpan | undefined {
  const fixed = skipName(message, at)
  if (fixed < 0 || fixed + 10 > message.length) return undefined
  const end = fixed + 10 + message.readUInt16BE(fixed + 8)
  return end > message.length ? undefined : { start: at, fixed, type: message.readUInt16BE(fixed), end }
}
