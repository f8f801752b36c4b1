import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BodyKind, type ClientStream } from '../http/client-stream.ts'
import { cleanup } from '../testing/cleanup.ts'
import { fuzzRuns } from '../testing/fuzz-runs.ts'
import { cuts } from '../testing/http-texts.ts'
import { frame } from '../testing/http2-frames.ts'
import { get, initialWindow, more, openHttp2, post, startHttp2 } from '../testing/http2-peer.ts'
import { collectGarbage } from '../testing/memory.ts'

const use = cleanup()
const { seed, ...runs } = fuzzRuns(400)

const id = fc.constantFrom(0, 1, 1, 3, 3, 5, 7, 9, 2, 251, 0x7fffffff)
const bytes = (size: number) => fc.uint8Array({ maxLength: size }).map((array) => Buffer.from(array))
const flags = fc.oneof(fc.constantFrom(0, 1, 4, 5), fc.integer({ min: 0, max: 255 }))
/** What a client would send. */
const usual = fc.oneof(
  id.map(get),
  id.map(post),
  fc.tuple(id, fc.constantFrom(1, 100, 65_535, 0x7fffffff, 0)).map(([stream, size]) => more(stream, size)),
  fc.constantFrom(0, 1, 65_535, 0x7fffffff, 0x80000000).map((size) => frame(4, 0, 0, initialWindow(size))),
  fc.tuple(id, fc.nat(20_000), fc.constantFrom(0, 1)).map(([stream, size, last]) => frame(0, last, stream, Buffer.alloc(size))),
  fc.tuple(id, bytes(4)).map(([stream, code]) => frame(3, 0, stream, Buffer.concat([code, Buffer.alloc(4)]).subarray(0, 4))),
  fc.constant(frame(6, 0, 0, Buffer.alloc(8))),
)
/** Anything that has the shape of a frame. */
const odd = fc
  .tuple(fc.integer({ min: 0, max: 12 }), flags, id, bytes(40))
  .map(([type, flag, stream, payload]) => frame(type, flag, stream, payload))
const spoilt = fc.tuple(usual, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([one, at, byte]) => {
  const other = Buffer.from(one)
  other[at % Math.min(other.length, 64)] = byte
  return other
})
const session = fc.array(fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: odd }, { weight: 1, arbitrary: spoilt }), {
  maxLength: 30,
})

/** Answers each in one of several ways. */
const answer = (stream: ClientStream, kind: number): void => {
  const { head } = stream
  stream.listener = {
    onBody: (chunk) => {
      if (kind === 1 && !stream.write(chunk)) stream.pauseBody()
    },
    onBodyEnd: (trailers) => stream.end(trailers),
    onClientDrain: () => stream.resumeBody(),
    onClientGone() {},
  }
  if (kind === 0) return
  if (kind === 2) stream.inform(103, ['link', '</a>'])
  stream.respond(200, '', [], kind === 3 ? 50_000 : -1, false)
  if (kind === 3) stream.write(Buffer.alloc(50_000))
  if (kind === 4) stream.cut()
  else if (head.bodyKind === BodyKind.none) stream.end(['x-sum', '1'])
  else stream.resumeBody()
}

describe(`Fuzzed frames (STANDIN_SEED=${seed})`, () => {
  it('neither crash nor hang nor fill us: afterwards everybody is answered as before', { timeout: 3_600_000 }, async () => {
    const served = await use(startHttp2())
    let count = 0
    served.onStream = (stream) => answer(stream, stream.head.target === '/probe' ? 5 : count++ % 6)
    const ask = async () => {
      const peer = openHttp2(served.port)
      peer.socket.write(get(1))
      served.onStream = (stream) => answer(stream, 5)
      await peer.until(({ type, stream }) => type === 1 && stream === 1)
      served.onStream = (stream) => answer(stream, count++ % 6)
      peer[Symbol.dispose]()
    }
    let run = 0
    let inUse = 0
    await fc.assert(
      fc.asyncProperty(session, cuts, async (frames, fractions) => {
        const peer = openHttp2(served.port)
        const closed = new Promise((resolve) => peer.socket.once('close', resolve))
        const all = Buffer.concat(frames)
        const at = fractions.map((fraction) => Math.floor(fraction * all.length)).sort((a, b) => a - b)
        for (const [i, end] of [...at, all.length].entries()) {
          const piece = all.subarray(at[i - 1] ?? 0, end)
          if (!peer.socket.writable) break
          await new Promise((resolve) => peer.socket.write(piece, resolve))
        }
        if (peer.socket.writable) peer.socket.end()
        // Whatever it was, it is over when its client leaves.
        await closed
        if (++run === 100) inUse = collectGarbage()
        if (run % 50 === 0) await ask()
      }),
      { seed, ...runs, interruptAfterTimeLimit: runs.numRuns === 400 ? 8_000 : 3_600_000 },
    )
    await ask()
    expect(count).toBeGreaterThan(run / 10)
    await expect.poll(() => served.accepted.every(({ socket }) => socket.destroyed)).toBe(true)
    served.accepted.length = 0
    if (run > 200) expect(collectGarbage() - inUse).toBeLessThan(16 * 1024 * 1024)
  })
})
