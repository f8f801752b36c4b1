import dgram from 'node:dgram'
import { once } from 'node:events'
import net from 'node:net'
import { takeFrames, withLength } from '../wire/frame.ts'

/** Sends a message over UDP and waits for one back. Undefined: none came within `patienceMs`. */
export async function askUdp(port: number, message: Buffer, patienceMs = 10_000): Promise<Buffer | undefined> {
  const socket = dgram.createSocket('udp4')
  try {
    socket.send(message, port, '127.0.0.1')
    const [reply] = await once(socket, 'message', { signal: AbortSignal.timeout(patienceMs) })
    return reply as Buffer
  } catch {
    return undefined
  } finally {
    socket.close()
  }
}

/** Sends messages over one TCP connection, all at once, and waits for as many back. */
export async function askTcp(
  port: number,
  messages: readonly Buffer[],
  options: { halfClose?: boolean; slice?: number } = {},
): Promise<Buffer[]> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const replies: Buffer[] = []
  try {
    await once(socket, 'connect')
    const stream = Buffer.concat(messages.map(withLength))
    const slice = options.slice ?? stream.length
    for (let at = 0; at < stream.length; at += slice) {
      socket.write(stream.subarray(at, at + slice))
      if (slice < stream.length) await new Promise((resolve) => setImmediate(resolve))
    }
    if (options.halfClose === true) socket.end()
    let received: Buffer = Buffer.alloc(0)
    for await (const chunk of socket) {
      const frames = takeFrames(Buffer.concat([received, chunk as Buffer]))
      replies.push(...frames.messages)
      received = frames.rest
      if (replies.length >= messages.length && options.halfClose !== true) break
    }
    return replies
  } finally {
    socket.destroy()
  }
}
