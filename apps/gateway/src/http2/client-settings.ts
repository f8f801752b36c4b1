import { ErrorCode, maxFrameSize, maxWindow, Setting } from './frames.ts'

/** RFC 9113, section 6.9.2. */
const firstWindow = 65_535

/** What a client asks of us (RFC 9113, section 6.5). Its limits of frames and tables are wider than what we use. */
export class ClientSettings {
  /** Of a new stream, bytes. */
  window = firstWindow

  /** Takes a payload; of what is said twice the last counts. @returns code of the error that it is, or none */
  read(bytes: Buffer, start: number, end: number): number {
    if ((end - start) % 6 !== 0) return ErrorCode.frameSize
    for (let at = start; at < end; at += 6) {
      const value = bytes.readUInt32BE(at + 2)
      switch (bytes.readUInt16BE(at)) {
        case Setting.enablePush:
          if (value > 1) return ErrorCode.protocol
          break
        case Setting.initialWindowSize:
          if (value > maxWindow) return ErrorCode.flowControl
          this.window = value
          break
        case Setting.maxFrameSize:
          if (value < maxFrameSize || value > 0xffffff) return ErrorCode.protocol
          break
      }
    }
    return ErrorCode.none
  }
}
