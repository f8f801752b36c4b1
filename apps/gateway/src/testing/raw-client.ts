import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { domain } from './start-gateway.ts'

/** What came back on a connection until it was closed, and whether it was closed cleanly or reset. */
export interface RawAnswer {
  text: string
  wasReset: boolean
}

/** Sends these bytes and reads until the gateway closes, or until `enough` says so. */
export const sendRaw = async (port: number, bytes: string, enough: (text: string) => boolean = () => false): Promise<RawAnswer> => {
  const socket = await openRaw(port)
  let text = ''
  let wasReset = false
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve())
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    wasReset = error.code === 'ECONNRESET'
  })
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    if (enough(text)) socket.destroy()
  })
  socket.write(bytes, 'latin1')
  await closed
  return { text, wasReset }
}

export const openRaw = async (port: number): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** `GET /path` for an environment's main service. */
export const getRequest = (environment: number, path = '/', headers: readonly string[] = []) =>
  `${[`GET ${path} HTTP/1.1`, `Host: www-${environment}.${domain}`, ...headers].join('\r\n')}\r\n\r\n`

/** Waits for something that has to happen soon; says what it was if it doesn't. */
export const eventually = async (what: string, condition: () => boolean, withinMs = 10_000): Promise<void> => {
  const deadline = performance.now() + withinMs
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Did not happen within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
