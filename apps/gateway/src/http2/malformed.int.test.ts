import { constants } from 'node:http2'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultClientLimits } from '../gateway-config.ts'
import type { ClientStream } from '../http/client-stream.ts'
import { OpenConnections } from '../http/open-connections.ts'
import { localConnection } from '../testing/local-connection.ts'
import { acceptHttp2 } from './client-connection.ts'

/** What no library would send: frames byte by byte. */

const dataFrame = 0x0
const headersFrame = 0x1
const resetFrame = 0x3
const settingsFrame = 0x4
const continuationFrame = 0x9
const endStream = 0x1
const endHeaders = 0x4

const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Literal without indexing, no Huffman code (RFC 7541, section 6.2.2). */
const field = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value, 'latin1')])

const get = [field(':method', 'GET'), field(':scheme', 'http'), field(':path', '/'), field(':authority', 'www-1001.test')]
const post = [field(':method', 'POST'), ...get.slice(1)]

let server: Server
let socket: Socket
let answered: { type: number; stream: number; payload: Buffer }[]
let onStream: (stream: ClientStream) => void
const connections = new OpenConnections()

beforeEach(async () => {
  answered = []
  onStream = () => {
    throw new Error('it should have been refused')
  }
  server = createServer((accepted) => {
    const info = { ...localConnection, port: 1, secure: false, transport: accepted, covers: () => true }
    acceptHttp2(accepted, info, { connections, draining: false, limits: defaultClientLimits, onStream: (stream) => onStream(stream) })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  let pending = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 9 && pending.length >= 9 + pending.readUIntBE(0, 3)) {
      const end = 9 + pending.readUIntBE(0, 3)
      answered.push({ type: pending[3] as number, stream: pending.readUInt32BE(5), payload: pending.subarray(9, end) })
      pending = pending.subarray(end)
    }
  })
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(settingsFrame, 0, 0, Buffer.alloc(0))]))
})

afterEach(async () => {
  socket.destroy()
  await new Promise((resolve) => server.close(resolve))
  await connections.drain(0)
})

const answerTo = async (type: number): Promise<Buffer> => {
  await expect.poll(() => answered.some((one) => one.type === type)).toBe(true)
  return answered.find((one) => one.type === type)?.payload as Buffer
}

describe('a request over HTTP/2', () => {
  it.each([
    ['Connection (RFC 9113, section 8.2.2)', [...get, field('connection', 'close')]],
    ['Keep-Alive (RFC 9113, section 8.2.2)', [...get, field('keep-alive', 'timeout=5')]],
    ['Proxy-Connection (RFC 9113, section 8.2.2)', [...get, field('proxy-connection', 'keep-alive')]],
    ['Transfer-Encoding (RFC 9113, section 8.2.2)', [...post, field('transfer-encoding', 'chunked')]],
    ['Upgrade (RFC 9113, section 8.2.2)', [...get, field('upgrade', 'websocket')]],
    ['TE other than trailers (RFC 9113, section 8.2.2)', [...get, field('te', 'gzip')]],
    ['a name in upper case (RFC 9113, section 8.2.1)', [...get, field('X-Name', 'x')]],
    ['a pseudo-header behind a header (RFC 9113, section 8.3)', [field('x-name', 'x'), ...get]],
    ['no path (RFC 9113, section 8.3.1)', [field(':method', 'GET'), field(':scheme', 'http')]],
    ['an unknown pseudo-header (RFC 9113, section 8.3)', [...get, field(':secret', 'x')]],
    ['two different lengths (RFC 9113, section 8.1.1)', [...post, field('content-length', '1'), field('content-length', '2')]],
  ])('is malformed with %s', async (_, fields) => {
    socket.write(frame(headersFrame, endHeaders | endStream, 1, Buffer.concat(fields)))
    expect((await answerTo(resetFrame)).readUInt32BE(0)).toBe(constants.NGHTTP2_PROTOCOL_ERROR)
  })

  it('whose client resets it without an error has no end (RFC 9113, section 8.1)', async () => {
    const heard: string[] = []
    onStream = (stream) => {
      stream.listener = {
        onBody: (chunk) => heard.push(chunk.toString()),
        onBodyEnd: () => heard.push('end'),
        onClientDrain() {},
        onClientGone: () => heard.push('gone'),
      }
      stream.resumeBody()
    }
    socket.write(frame(headersFrame, endHeaders, 1, Buffer.concat(post)))
    socket.write(frame(dataFrame, 0, 1, Buffer.from('half')))
    await expect.poll(() => heard).toEqual(['half'])
    socket.write(frame(resetFrame, 0, 1, Buffer.alloc(4)))
    await expect.poll(() => heard.length).toBe(2)
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(heard).toEqual(['half', 'gone'])
  })

  it('that is reset while its body waits to be read is over at once', async () => {
    const gone = new Promise<void>((resolve) => {
      onStream = (stream) => {
        stream.listener = { onBody() {}, onBodyEnd() {}, onClientDrain() {}, onClientGone: resolve }
        socket.write(Buffer.concat([frame(dataFrame, 0, 1, Buffer.from('half')), frame(resetFrame, 0, 1, Buffer.alloc(4))]))
      }
    })
    socket.write(frame(headersFrame, endHeaders, 1, Buffer.concat(post)))
    await gone
  })

  it('with more headers than anybody sends is refused', async () => {
    const many = Array.from({ length: 300 }, (_, i) => field(`x-${i}`, 'x'))
    socket.write(frame(headersFrame, endHeaders | endStream, 1, Buffer.concat([...get, ...many])))
    expect((await answerTo(resetFrame)).readUInt32BE(0)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM)
  })

  it('that never ends its headers costs the connection (CVE-2024-27316)', async () => {
    socket.write(frame(headersFrame, 0, 1, Buffer.concat(get)))
    const filler = Buffer.concat(Array.from({ length: 100 }, () => field('x-filler', 'x'.repeat(100))))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    const timer = setInterval(() => socket.write(frame(continuationFrame, 0, 1, filler)), 1)
    await closed
    clearInterval(timer)
  })
})
