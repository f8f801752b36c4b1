import { describe, expect, it } from 'vitest'
import type { ClientStream } from '../http/client-stream.ts'
import { frame, frameType } from '../testing/http2-frames.ts'
import { get, initialWindow, more, post, type StartedHttp2, word } from '../testing/http2-peer.ts'
import { http2ServerOfATest } from '../testing/http2-server-of-a-test.ts'
import { ErrorCode } from './frames.ts'

const server = http2ServerOfATest()
const answer = (stream: ClientStream): void => {
  stream.respond(204, '', [], 0, false)
  stream.end(null)
}
const headersOn = (stream: number) => (one: { type: number; stream: number }) => one.type === frameType.headers && one.stream === stream
const lastStream = ({ payload }: { payload: Buffer }) => payload.readUInt32BE(0)

describe('a connection that drains', () => {
  it('says so before it says which request was the last one, and takes what was on its way (RFC 9113, section 6.8)', async () => {
    const peer = server.open()
    peer.socket.write(get(1))
    await expect.poll(() => server.streams.length).toBe(1)
    server.served.accepted[0]?.connection.drain()
    const warning = await peer.until(({ type }) => type === frameType.goaway)
    expect([lastStream(warning), warning.payload.readUInt32BE(4)]).toEqual([0x7fffffff, ErrorCode.none])
    const ping = await peer.until(({ type, flags }) => type === frameType.ping && flags === 0)
    // It had been sent before the client could know.
    peer.socket.write(get(3))
    peer.socket.write(frame(frameType.ping, 1, 0, ping.payload))
    const last = await peer.until((one) => one.type === frameType.goaway && lastStream(one) !== 0x7fffffff)
    expect(lastStream(last)).toBe(3)
    // This was sent in spite of it: not looked at, and not fatal.
    peer.socket.write(Buffer.concat([get(5), frame(frameType.data, 1, 5, 'x'), more(5, 1)]))
    for (const stream of server.streams) answer(stream)
    await Promise.all([peer.until(headersOn(1)), peer.until(headersOn(3))])
    await new Promise((resolve) => peer.socket.once('close', resolve))
    expect(server.streams.length).toBe(2)
    expect(await peer.ended).toBe(-1)
  })

  it('does not wait long for a client that does not answer', async () => {
    const peer = server.open()
    peer.socket.write(get(1))
    await expect.poll(() => server.streams.length).toBe(1)
    answer(server.streams[0] as ClientStream)
    server.served.accepted[0]?.connection.drain()
    await peer.until(({ type }) => type === frameType.goaway)
    server.served.accepted[0]?.connection.sweep(performance.now() + 5_000)
    expect(lastStream(await peer.until((one) => one.type === frameType.goaway && lastStream(one) !== 0x7fffffff))).toBe(1)
    await new Promise((resolve) => peer.socket.once('close', resolve))
  })

  it('lets a client have the last response, however slowly it takes it', async () => {
    const peer = server.open(initialWindow(0x7fffffff))
    peer.socket.write(Buffer.concat([more(0, 0x7fff0000), get(1)]))
    await expect.poll(() => server.streams.length).toBe(1)
    peer.socket.pause()
    const [stream] = server.streams as [ClientStream]
    const { socket, connection } = server.served.accepted[0] as StartedHttp2['accepted'][number]
    stream.respond(200, '', [], -1, false)
    const piece = Buffer.alloc(16_384)
    let sent = 0
    while (!socket.writableNeedDrain) {
      stream.write(piece)
      sent += piece.length
    }
    connection.drain()
    // The client's answer can't come: it is what is waited for.
    connection.sweep(performance.now() + 5_000)
    stream.end(null)
    for (let seconds = 6; seconds < 60; seconds += 6) connection.sweep(performance.now() + seconds * 1_000)
    expect(socket.destroyed).toBe(false)
    peer.socket.resume()
    await peer.until(({ type, flags }) => type === frameType.data && flags === 1)
    expect(peer.received(1)).toBe(sent)
    await new Promise((resolve) => peer.socket.once('close', resolve))
  })
})

describe('frames on streams that nobody has opened', () => {
  const payloads: [string, number, Buffer][] = [
    ['DATA', frameType.data, Buffer.from('x')],
    ['RST_STREAM', frameType.reset, Buffer.alloc(4)],
    ['WINDOW_UPDATE', frameType.windowUpdate, word(1)],
  ]
  for (const [name, type, payload] of payloads) {
    it(`end the connection: ${name} (RFC 9113, section 5.1)`, async () => {
      for (const id of [2, 4, 7]) {
        const peer = server.open()
        peer.socket.write(Buffer.concat([post(5), frame(type, 0, id, payload)]))
        expect(await peer.ended).toBe(ErrorCode.protocol)
      }
    })
  }
})
