import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultClientLimits } from '../gateway-config.ts'
import type { ClientStream } from '../http/client-stream.ts'
import { OpenConnections } from '../http/open-connections.ts'
import { frame, frameType } from '../testing/http2-frames.ts'
import { localConnection } from '../testing/local-connection.ts'
import { acceptHttp2 } from './client-connection.ts'
import { ErrorCode } from './frames.ts'

let server: Server
let accepted: Socket | undefined
let onStream: (stream: ClientStream) => void
const connections = new OpenConnections()
const sockets: Socket[] = []
const sessions: ClientHttp2Session[] = []

beforeEach(async () => {
  onStream = () => {}
  server = createServer((socket) => {
    accepted = socket
    const info = { ...localConnection, port: 1, secure: false, transport: socket, covers: () => true }
    acceptHttp2(socket, info, { connections, draining: false, limits: defaultClientLimits, onStream: (stream) => onStream(stream) })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy()
  for (const socket of sockets.splice(0)) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
  await connections.drain(0)
})

const port = () => (server.address() as AddressInfo).port

/** A client that has said hello. */
const open = (): Socket => {
  const socket = connect(port(), '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => {})
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(frameType.settings, 0, 0)]))
  return socket
}

/** Of the GOAWAY that ends the connection. */
const errorOf = (socket: Socket): Promise<number> =>
  new Promise((resolve) => {
    let pending = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 9 && pending.length >= 9 + pending.readUIntBE(0, 3)) {
        const end = 9 + pending.readUIntBE(0, 3)
        if (pending[3] === frameType.goaway) resolve(pending.readUInt32BE(13))
        pending = pending.subarray(end)
      }
    })
  })

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
/** `POST / http` from the static table, and an authority. */
const post = frame(frameType.headers, 4, 1, Buffer.from('838684410161', 'hex'))

describe('a connection of HTTP/2', () => {
  it.each([
    ['empty DATA (CVE-2019-9518)', post, frame(frameType.data, 0, 1)],
    ['settings (CVE-2019-9515)', Buffer.alloc(0), frame(frameType.settings, 0, 0)],
    ['priorities', Buffer.alloc(0), frame(2, 0, 1, Buffer.alloc(5))],
    ['frames of a type that nobody knows', Buffer.alloc(0), frame(0xbb, 0, 0)],
    ['mistakes that make us reset streams (CVE-2025-8671)', Buffer.alloc(0), null],
  ])('ends at a flood of %s', async (_, before, flood) => {
    const socket = open()
    const code = errorOf(socket)
    socket.write(before)
    const block = Buffer.from('838684410161', 'hex')
    for (let i = 0; i < 2_500; i++)
      socket.write(
        flood ?? Buffer.concat([frame(frameType.headers, 4, 2 * i + 1, block), frame(frameType.windowUpdate, 0, 2 * i + 1, word(0))]),
      )
    expect(await code).toBe(ErrorCode.calm)
  })

  it('reads no further where its client takes no answers: pings are not gathered without end (CVE-2019-9512)', async () => {
    const socket = open()
    socket.pause()
    const pings = Buffer.concat(Array.from({ length: 4_000 }, () => frame(frameType.ping, 0, 0, Buffer.alloc(8))))
    for (let i = 0; i < 200; i++) socket.write(pings)
    await expect.poll(() => accepted?.isPaused()).toBe(true)
    expect(accepted?.writableLength).toBeLessThan(4 * 1024 * 1024)
    socket.resume()
    await expect.poll(() => socket.bytesRead, { timeout: 20_000 }).toBeGreaterThan(200 * pings.length)
  })

  it.each([
    [
      'of the connection above its limit (RFC 9113, section 6.9.1)',
      frame(frameType.windowUpdate, 0, 0, word(0x7fffffff)),
      ErrorCode.flowControl,
    ],
    ['of nothing (RFC 9113, section 6.9)', frame(frameType.windowUpdate, 0, 0, word(0)), ErrorCode.protocol],
  ])('ends at a window %s', async (_, bytes, code) => {
    const socket = open()
    const ended = errorOf(socket)
    socket.write(bytes)
    expect(await ended).toBe(code)
  })

  it('reads frames however they are cut', async () => {
    const heard: string[] = []
    onStream = (stream) => {
      stream.listener = {
        onBody: (chunk) => heard.push(chunk.toString()),
        onBodyEnd: () => heard.push('end'),
        onClientDrain() {},
        onClientGone() {},
      }
      stream.resumeBody()
    }
    const socket = open()
    socket.setNoDelay(true)
    for (const byte of Buffer.concat([post, frame(frameType.data, 0, 1, 'hello'), frame(frameType.data, 1, 1, 'x')])) {
      socket.write(Buffer.from([byte]))
      await new Promise(setImmediate)
    }
    await expect.poll(() => heard).toEqual(['hello', 'x', 'end'])
  })

  it('reads what nghttp2 compresses, over many requests and more fields than fit its table (RFC 7541)', async () => {
    const seen: (readonly string[])[] = []
    onStream = (stream) => {
      seen.push(stream.head.raw)
      stream.respond(204, '', stream.head.raw, 0, false)
      stream.end(null)
    }
    const session = connectHttp2(`http://127.0.0.1:${port()}`)
    sessions.push(session)
    session.on('error', () => {})
    let state = 11
    const random = () => {
      state = (state * 1_103_515_245 + 12_345) % 0x7fffffff
      return state >>> 8
    }
    for (let run = 0; run < 300; run++) {
      const headers: Record<string, string> = {}
      for (let i = random() % 8; i >= 0; i--) {
        const letters = Array.from({ length: 1 + (random() % 200) }, () =>
          String.fromCharCode(0x21 + (random() % (run % 2 === 0 ? 0x5d : 0xde))),
        )
        headers[`x-${random() % 40}`] = letters.join('').replaceAll('\x7f', '')
      }
      const answered = await new Promise<Record<string, unknown>>((resolve) => session.request(headers).on('response', resolve))
      expect(answered).toMatchObject(headers)
      expect(seen.at(-1)).toEqual(Object.entries(headers).flat())
    }
  })
})
