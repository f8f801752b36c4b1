import { describe, expect, it } from 'vitest'
import type { ClientStream } from '../http/client-stream.ts'
import { frame, frameType } from '../testing/http2-frames.ts'
import { get, type Http2Peer, initialWindow, more, post } from '../testing/http2-peer.ts'
import { http2ServerOfATest } from '../testing/http2-server-of-a-test.ts'
import { collectGarbage } from '../testing/memory.ts'
import { ErrorCode } from './frames.ts'

const server = http2ServerOfATest()

const written = (peer: Http2Peer, bytes: Buffer): Promise<void> => new Promise((resolve) => void peer.socket.write(bytes, () => resolve()))
/** All that was sent before has been read when this returns. */
const settled = async (peer: Http2Peer): Promise<void> => {
  const payload = Buffer.alloc(8)
  payload.writeDoubleBE(Math.random())
  peer.socket.write(frame(frameType.ping, 0, 0, payload))
  await peer.until((one) => one.type === frameType.ping && one.payload.equals(payload))
}
const listen = (stream: ClientStream, onBody: (bytes: number) => void, onEnd: () => void = () => {}): void => {
  stream.listener = { onBody: (chunk) => onBody(chunk.length), onBodyEnd: onEnd, onClientDrain() {}, onClientGone() {} }
}
const id = (index: number) => 2 * index + 1

describe('bodies that wait for their endpoints', () => {
  it('take as much memory as there are bytes, however small their pieces are', async () => {
    const peer = server.open()
    const count = 15_000
    const dribble = (index: number) => Buffer.concat(Array.from({ length: count }, () => frame(frameType.data, 0, id(index), 'x')))
    await settled(peer)
    const before = collectGarbage()
    for (let i = 0; i < 8; i++) {
      await written(peer, post(id(i)))
      await written(peer, dribble(i))
    }
    await settled(peer)
    expect(collectGarbage() - before).toBeLessThan(5 * 1024 * 1024)
    for (const stream of server.streams) {
      let heard = 0
      listen(stream, (bytes) => {
        heard += bytes
      })
      stream.resumeBody()
      expect(heard).toBe(count)
    }
  })

  it('do not keep what was read together with them', async () => {
    const peer = server.open()
    await written(peer, post(1))
    await settled(peer)
    const before = collectGarbage()
    const filler = frame(frameType.ping, 1, 0, Buffer.alloc(8))
    const piece = Buffer.concat([...Array.from({ length: 3_800 }, () => filler), frame(frameType.data, 0, 1, 'x')])
    for (let i = 0; i < 150; i++) await written(peer, piece)
    await settled(peer)
    expect(collectGarbage() - before).toBeLessThan(4 * 1024 * 1024)
  })

  it('are bounded over all streams of a connection, and it goes on when they are read (RFC 9113, section 5.2)', async () => {
    const peer = server.open()
    const size = 200 * 1024
    const count = 50
    for (let i = 0; i < count; i++) await written(peer, post(id(i)))
    let sent = 0
    const allowed = () =>
      65_535 +
      peer.frames
        .filter(({ type, stream }) => type === frameType.windowUpdate && stream === 0)
        .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0)
    /** Sends as much as the connection's window takes; each stream's takes all. */
    const send = async () => {
      await settled(peer)
      for (;;) {
        const index = Math.floor(sent / size)
        if (index >= count) return
        const length = Math.min(16_384, size - (sent % size), allowed() - sent)
        if (length === 0) {
          await settled(peer)
          if (allowed() === sent) return
          continue
        }
        sent += length
        const isLast = sent % size === 0
        await written(peer, frame(frameType.data, isLast ? 1 : 0, id(index), Buffer.alloc(length)))
      }
    }
    await send()
    expect(sent).toBeGreaterThan(2 * 1024 * 1024)
    expect(sent).toBeLessThan(6 * 1024 * 1024)
    let heard = 0
    let ended = 0
    for (const stream of server.streams) {
      listen(
        stream,
        (bytes) => {
          heard += bytes
        },
        () => ended++,
      )
      stream.resumeBody()
    }
    await send()
    await settled(peer)
    expect({ heard, ended }).toEqual({ heard: size * count, ended: count })
  })

  it('are no more than the window of the connection allows (RFC 9113, section 6.9.1)', async () => {
    const peer = server.open()
    for (let i = 0; i < 40; i++) peer.socket.write(post(id(i)))
    for (let i = 0; i < 40; i++) {
      for (let at = 0; at < 15; at++) peer.socket.write(frame(frameType.data, 0, id(i), Buffer.alloc(16_384)))
    }
    expect(await peer.ended).toBe(ErrorCode.flowControl)
  })

  it('give the window of the connection back where their streams are reset', async () => {
    const peer = server.open()
    // Twice what may wait at once.
    for (let i = 0; i < 40; i++) {
      await written(peer, post(id(i)))
      for (let at = 0; at < 14; at++) await written(peer, frame(frameType.data, 0, id(i), Buffer.alloc(16_384)))
      await written(peer, frame(frameType.reset, 0, id(i), Buffer.alloc(4)))
      if (i % 4 === 3) await settled(peer)
    }
    await settled(peer)
    expect(peer.frames.some(({ type }) => type === frameType.goaway)).toBe(false)
  })
})

describe('responses that wait for the windows of their client', () => {
  const flood = Buffer.concat(Array.from({ length: 5_000 }, () => more(0, 1)))
  /** Processor time that a flood of window updates takes with so many stalled streams. */
  const cost = async (stalled: number): Promise<number> => {
    const peer = server.open(initialWindow(0))
    server.served.onStream = (stream) => {
      stream.respond(200, '', [], -1, false)
      stream.write(Buffer.from('waits'))
    }
    for (let i = 0; i < stalled; i++) peer.socket.write(get(id(i)))
    await settled(peer)
    const before = process.cpuUsage()
    for (let i = 0; i < 8; i++) await written(peer, flood)
    await settled(peer)
    const { user, system } = process.cpuUsage(before)
    peer[Symbol.dispose]()
    return user + system
  }

  it('are not looked at for each byte that the connection may send: only their own windows hold them up', async () => {
    await cost(0)
    const alone = Math.min(await cost(0), await cost(0))
    const beside = Math.min(await cost(240), await cost(240))
    expect(beside / alone).toBeLessThan(5)
  })

  it('go on when windows that had become negative have grown again (RFC 9113, section 6.9.2)', async () => {
    const peer = server.open(initialWindow(10))
    server.served.onStream = (stream) => {
      stream.respond(200, '', ['content-length', '20'], 20, false)
      stream.write(Buffer.from('x'.repeat(20)))
      stream.end(null)
    }
    peer.socket.write(get(1))
    await settled(peer)
    expect(peer.received(1)).toBe(10)
    peer.socket.write(frame(frameType.settings, 0, 0, initialWindow(4)))
    peer.socket.write(more(1, 6))
    await settled(peer)
    expect(peer.received(1)).toBe(10)
    peer.socket.write(more(1, 1))
    await settled(peer)
    expect(peer.received(1)).toBe(11)
    peer.socket.write(frame(frameType.settings, 0, 0, initialWindow(100)))
    await settled(peer)
    expect(peer.received(1)).toBe(20)
  })

  it('do not keep us from seeing that their client gives up, whatever it has sent meanwhile', async () => {
    const peer = server.open(initialWindow(0x7fffffff))
    let isGone = false
    server.served.onStream = (stream) => {
      const piece = Buffer.alloc(64 * 1024)
      const fill = () => {
        while (!isGone && stream.write(piece)) {}
      }
      stream.listener = {
        onBody() {},
        onBodyEnd() {},
        onClientDrain: fill,
        onClientGone: () => {
          isGone = true
        },
      }
      stream.respond(200, '', [], -1, false)
      fill()
    }
    peer.socket.pause()
    peer.socket.write(Buffer.concat([more(0, 0x7fff0000), get(1)]))
    const pings = Buffer.concat(Array.from({ length: 4_000 }, () => frame(frameType.ping, 0, 0, Buffer.alloc(8))))
    for (let i = 0; i < 20; i++) peer.socket.write(pings)
    await expect.poll(() => server.served.accepted[0]?.socket.isPaused()).toBe(true)
    peer.socket.write(frame(frameType.reset, 0, 1, Buffer.alloc(4)))
    peer.socket.resume()
    await expect.poll(() => isGone).toBe(true)
    expect(peer.received(1)).toBeLessThan(1024 * 1024 * 1024)
  })
})
