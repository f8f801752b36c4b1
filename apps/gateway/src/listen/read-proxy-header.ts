import type { Socket } from 'node:net'
import { type ProxiedClient, parseProxyHeader } from '../proxy-protocol/proxy-header.ts'

/** A proxy that is connected has its header at hand: section 2 asks it to be sent at once. */
const proxyHeaderTimeoutMs = 5_000

/**
 * Reads the PROXY header off a socket; what follows it stays on the socket. Calls back once, and never after the socket was
 * closed by its peer.
 * @param done `client` null: the connection is the proxy's own; `fault` not null: why the connection is no good
 */
export const readProxyHeader = (socket: Socket, done: (client: ProxiedClient | null, fault: string | null) => void): void => {
  let bytes: Buffer = Buffer.alloc(0)
  const timer = setTimeout(() => finish(null, 'the PROXY header did not come in time'), proxyHeaderTimeoutMs)
  const finish = (client: ProxiedClient | null, fault: string | null) => {
    clearTimeout(timer)
    socket.off('readable', onReadable)
    socket.off('close', onClose)
    socket.off('end', onEnd)
    done(client, fault)
  }
  const onReadable = () => {
    const chunk: Buffer | null = socket.read()
    if (chunk === null) return
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
    const header = parseProxyHeader(bytes)
    if (header.kind === 'incomplete') return
    if (header.kind === 'invalid') {
      finish(null, header.why)
      return
    }
    socket.off('readable', onReadable)
    if (header.length < bytes.length) socket.unshift(bytes.subarray(header.length))
    finish(header.client, null)
  }
  const onClose = () => clearTimeout(timer)
  const onEnd = () => socket.destroy()
  socket.on('readable', onReadable)
  socket.on('close', onClose)
  socket.on('end', onEnd)
}
