import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type ClientLimits, defaultClientLimits } from '../gateway-config.ts'
import type { ClientStream } from '../http/client-stream.ts'
import { OpenConnections } from '../http/open-connections.ts'
import { acceptHttp2, type Http2ClientConnection } from '../http2/client-connection.ts'
import { frame, frameType } from './http2-frames.ts'
import { localConnection } from './local-connection.ts'

/** Our side of HTTP/2 without a gateway behind it: a test takes the streams. */
export interface StartedHttp2 extends AsyncDisposable {
  readonly port: number
  onStream: (stream: ClientStream) => void
  /** Newest last. */
  readonly accepted: { readonly socket: Socket; readonly connection: Http2ClientConnection }[]
}

export const startHttp2 = async (limits: ClientLimits = defaultClientLimits): Promise<StartedHttp2> => {
  const connections = new OpenConnections()
  const accepted: StartedHttp2['accepted'] = []
  const server = createServer((socket) => {
    const info = { ...localConnection, port: 1, secure: false, transport: socket, covers: () => true }
    const handler = { connections, draining: false, limits, onStream: (stream: ClientStream) => started.onStream(stream) }
    accepted.push({ socket, connection: acceptHttp2(socket, info, handler) })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const started: StartedHttp2 = {
    port: (server.address() as AddressInfo).port,
    onStream: () => {},
    accepted,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      await connections.drain(0)
      await closed
    },
  }
  return started
}

/** A frame that came. */
interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** A client that sends frames byte by byte, and has said hello. */
export interface Http2Peer extends Disposable {
  readonly socket: Socket
  /** All that came, bodies of DATA left out. */
  readonly frames: Frame[]
  /** The code of the GOAWAY that ends the connection, and of nothing milder; -1: it closed without a word. */
  readonly ended: Promise<number>
  /** Of the body of a stream. */
  received(stream: number): number
  /** Waits for the first frame that fits. */
  until(fits: (frame: Frame) => boolean): Promise<Frame>
}

export const openHttp2 = (port: number, settings: Buffer = Buffer.alloc(0)): Http2Peer => {
  const socket = connect(port, '127.0.0.1')
  const frames: Frame[] = []
  const bytes = new Map<number, number>()
  const waiting: { fits: (frame: Frame) => boolean; resolve: (frame: Frame) => void }[] = []
  let resolveEnded: (code: number) => void
  const ended = new Promise<number>((resolve) => {
    resolveEnded = resolve
  })
  let pending: Buffer = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('close', () => resolveEnded(-1))
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    let at = 0
    while (pending.length - at >= 9 && pending.length - at >= 9 + pending.readUIntBE(at, 3)) {
      const end = at + 9 + pending.readUIntBE(at, 3)
      const [type, flags, stream] = [pending[at + 3] as number, pending[at + 4] as number, pending.readUInt32BE(at + 5)]
      const isData = type === frameType.data
      if (isData) bytes.set(stream, (bytes.get(stream) ?? 0) + end - at - 9)
      const one = { type, flags, stream, payload: isData ? Buffer.alloc(0) : Buffer.from(pending.subarray(at + 9, end)) }
      frames.push(one)
      for (const { fits, resolve } of waiting) if (fits(one)) resolve(one)
      if (type === frameType.goaway && one.payload.readUInt32BE(4) !== 0) resolveEnded(one.payload.readUInt32BE(4))
      at = end
    }
    pending = pending.subarray(at)
  })
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(frameType.settings, 0, 0, settings)]))
  return {
    socket,
    frames,
    ended,
    received: (stream) => bytes.get(stream) ?? 0,
    until: (fits) => {
      const found = frames.find(fits)
      return found === undefined ? new Promise((resolve) => waiting.push({ fits, resolve })) : Promise.resolve(found)
    },
    [Symbol.dispose]: () => socket.destroy(),
  }
}

export const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** `SETTINGS_INITIAL_WINDOW_SIZE` as a payload (RFC 9113, section 6.5.2). */
export const initialWindow = (bytes: number): Buffer => Buffer.concat([Buffer.from([0, 4]), word(bytes)])

/** `GET / http` or `POST / http` by the static table of HPACK, and an authority. */
export const get = (stream: number): Buffer => frame(frameType.headers, 5, stream, Buffer.from('828684410161', 'hex'))
export const post = (stream: number): Buffer => frame(frameType.headers, 4, stream, Buffer.from('838684410161', 'hex'))
export const more = (stream: number, bytes: number): Buffer => frame(frameType.windowUpdate, 0, stream, word(bytes))
