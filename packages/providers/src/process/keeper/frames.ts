import type { Duplex } from 'node:stream'

/** Channels of an exec session; each frame is a channel byte, a length (uint32, big endian) and that many bytes. */
export const channel = {
  /** To the keeper; an empty frame is the end of input. */
  stdin: 0,
  stdout: 1,
  stderr: 2,
  /** From the keeper, the last frame: JSON `{exitCode, signal}`. */
  exit: 3,
  /** To the keeper: the name of a signal. */
  kill: 5,
} as const

export function frame(kind: number, payload: Buffer): Buffer {
  const head = Buffer.allocUnsafe(5)
  head.writeUInt8(kind, 0)
  head.writeUInt32BE(payload.length, 1)
  return Buffer.concat([head, payload])
}

/** Calls `onFrame` for each whole frame that comes. Returns what to feed it with. */
export function frameReader(onFrame: (kind: number, payload: Buffer) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0)
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (pending.length >= 5) {
      const end = 5 + pending.readUInt32BE(1)
      if (pending.length < end) return
      const kind = pending.readUInt8(0)
      const payload = pending.subarray(5, end)
      pending = pending.subarray(end)
      onFrame(kind, payload)
    }
  }
}

/** Calls `onLine` for each line until that returns what is to be done with the rest, which reads on and resumes the stream. */
export function readLines(stream: Duplex, onLine: (line: string) => (() => void) | undefined): void {
  let pending: Buffer = Buffer.alloc(0)
  const onData = (chunk: Buffer): void => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    let start = 0
    for (let end = pending.indexOf(10); end !== -1; end = pending.indexOf(10, start)) {
      const line = pending.toString('utf8', start, end)
      start = end + 1
      const rest = onLine(line)
      if (rest === undefined) continue
      stream.off('data', onData)
      // In flowing mode what is put back would be given to nobody.
      stream.pause()
      if (start < pending.length) stream.unshift(pending.subarray(start))
      rest()
      return
    }
    pending = pending.subarray(start)
  }
  stream.on('data', onData)
}
