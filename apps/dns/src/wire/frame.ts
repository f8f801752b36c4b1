/** A message as it is sent over TCP: two octets of length in front (RFC 1035, section 4.2.2), in one write (RFC 7766, section 8). */
export function withLength(message: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(2 + message.length)
  frame.writeUInt16BE(message.length, 0)
  frame.set(message, 2)
  return frame
}

/** The whole messages of a stream, and what of the next one is there. */
export function takeFrames(stream: Buffer): { readonly messages: readonly Buffer[]; readonly rest: Buffer } {
  const messages: Buffer[] = []
  let at = 0
  while (at + 2 <= stream.length) {
    const end = at + 2 + stream.readUInt16BE(at)
    if (end > stream.length) break
    messages.push(stream.subarray(at + 2, end))
    at = end
  }
  return { messages, rest: stream.subarray(at) }
}
