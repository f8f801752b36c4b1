import { performServerHandshake } from 'node:http2'
import { type Duplex, duplexPair } from 'node:stream'
import { frame, frameType } from './http2-frames.ts'

/** What nghttp2, the library in Node, makes of the header blocks of requests that come one after the other on a connection. */
export interface Nghttp2Verdict {
  /** Of each request that it takes, names and values in turn, pseudo-headers among them; by the index of its block. */
  readonly taken: ReadonlyMap<number, readonly string[]>
  /** It can't decompress them (RFC 9113, section 4.3). */
  readonly isBroken: boolean
}

const compressionError = 9

export const nghttp2Reads = async (blocks: readonly Buffer[]): Promise<Nghttp2Verdict> => {
  const [near, far] = duplexPair()
  // It has what a socket has, but for a type that says so.
  const session = performServerHandshake(far as Duplex, { settings: { maxConcurrentStreams: 1_000 } })
  const taken = new Map<number, readonly string[]>()
  session.on('error', () => {})
  session.on('stream', (stream, _headers, _flags, raw: string[]) => {
    stream.on('error', () => {})
    taken.set(((stream.id as number) - 1) / 2, raw)
  })
  const code = await new Promise<number>((resolve) => {
    let pending: Buffer = Buffer.alloc(0)
    near.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 9 && pending.length >= 9 + pending.readUIntBE(0, 3)) {
        const end = 9 + pending.readUIntBE(0, 3)
        if (pending[3] === frameType.goaway) resolve(pending.readUInt32BE(13))
        else if (pending[3] === frameType.ping) resolve(0)
        pending = pending.subarray(end)
      }
    })
    near.on('close', () => resolve(-1))
    near.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    near.write(frame(frameType.settings, 0, 0))
    for (const [index, block] of blocks.entries()) near.write(frame(frameType.headers, 5, 2 * index + 1, block))
    near.write(frame(frameType.ping, 0, 0, Buffer.alloc(8)))
  })
  session.destroy()
  near.destroy()
  return { taken, isBroken: code === compressionError }
}
