import type { Socket } from 'node:net'
import { eventually, getRequest, openRaw } from './raw-client.ts'
import { startRawUpstream } from './upstream.ts'

/** Takes every handshake and sends everything back. What it is sent are bytes, not frames: nobody between cares. */
export const startWebSocketUpstream = () =>
  startRawUpstream((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n')
      socket.on('data', (chunk) => socket.write(chunk))
    })
  })

/** A WebSocket that is open, and the head that it was answered with. */
export const openWebSocket = async (
  port: number,
  environment: number,
  headers: readonly string[] = [],
): Promise<Socket & { head: string }> => {
  const socket = await openRaw(port)
  let head = ''
  const read = (chunk: Buffer) => {
    head += chunk.toString('latin1')
  }
  socket.on('data', read)
  socket.on('error', () => {})
  const handshake = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ]
  socket.write(getRequest(environment, '/socket', [...handshake, ...headers]))
  await eventually('the handshake is answered', () => head.endsWith('\r\n\r\n'))
  if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`The handshake was answered with ${head}`)
  socket.off('data', read)
  return Object.assign(socket, { head })
}
