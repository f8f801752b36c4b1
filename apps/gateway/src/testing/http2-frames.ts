/** Frames of HTTP/2 as bytes, for an endpoint that does what no library would (RFC 9113, section 6). */
export const frameType = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 } as const

export const frame = (type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer => {
  const body = Buffer.from(payload as string)
  const head = Buffer.alloc(9)
  head.writeUIntBE(body.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, body])
}

const word = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index)
  return bytes
}

/** Settings of ours, and that we have seen the client's. */
export const greeting = Buffer.concat([frame(frameType.settings, 0, 0), frame(frameType.settings, 1, 0)])
/** `:status: 200` by the static table of HPACK (RFC 7541, appendix A). */
export const ok = (stream: number, isLast = false) => frame(frameType.headers, isLast ? 5 : 4, stream, Buffer.from([0x88]))
export const data = (stream: number, text: string, isLast = false) => frame(frameType.data, isLast ? 1 : 0, stream, text)
export const reset = (stream: number, code: number) => frame(frameType.reset, 0, stream, word(code))
export const goaway = (lastStream: number, code = 0) => frame(frameType.goaway, 0, 0, word(lastStream, code))
