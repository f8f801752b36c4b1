/** RFC 9113, section 6. */
export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const Flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const

/** RFC 9113, section 7. */
export const ErrorCode = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  compression: 9,
  calm: 11,
} as const

/** RFC 9113, section 6.5.2. */
export const Setting = { enablePush: 2, maxConcurrentStreams: 3, initialWindowSize: 4, maxFrameSize: 5, maxHeaderListSize: 6 } as const

/** Bytes of a frame before its payload. */
export const frameHeadLength = 9
/** Bytes of a payload, unless the other side takes more. We neither ask for more nor send it. */
export const maxFrameSize = 16_384
/** Of a flow control window (RFC 9113, section 6.9.1). */
export const maxWindow = 0x7fffffff
/** The identifier that no stream exceeds (RFC 9113, section 5.1.1). */
export const maxStream = 0x7fffffff

/** Latin1 text: the head of a frame (RFC 9113, section 4.1). */
export const frameHead = (length: number, type: number, flags: number, stream: number): string =>
  String.fromCharCode(
    length >>> 16,
    (length >>> 8) & 0xff,
    length & 0xff,
    type,
    flags,
    stream >>> 24,
    (stream >>> 16) & 0xff,
    (stream >>> 8) & 0xff,
    stream & 0xff,
  )

/** Latin1 text: 32 bits. */
const word = (value: number): string =>
  String.fromCharCode((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)

export const resetFrame = (stream: number, code: number): string => frameHead(4, FrameType.reset, 0, stream) + word(code)
export const windowUpdate = (stream: number, bytes: number): string => frameHead(4, FrameType.windowUpdate, 0, stream) + word(bytes)
export const goaway = (lastStream: number, code: number): string => frameHead(8, FrameType.goaway, 0, 0) + word(lastStream) + word(code)

/** Identifiers and values in turn. */
export const settingsFrame = (settings: readonly number[]): string => {
  let payload = ''
  for (let i = 0; i < settings.length; i += 2) payload += String.fromCharCode(0, settings[i] as number) + word(settings[i + 1] as number)
  return frameHead(payload.length, FrameType.settings, 0, 0) + payload
}
export const settingsAck = frameHead(0, FrameType.settings, Flag.ack, 0)
