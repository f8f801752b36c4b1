import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'

/** A real HTTP server, and how many connections it has. */
export interface StartedUpstream extends AsyncDisposable {
  readonly port: number
  readonly sockets: ReadonlySet<Socket>
  /** Connections accepted so far. */
  readonly accepted: () => number
}

/** Nobody listens there: one that was free a moment ago may be another test's by now. */
export const deadPort = 1

/** @param port 0: any free one */
export const startHttpUpstream = (listener: RequestListener, port = 0, host = '127.0.0.1'): Promise<StartedUpstream> => {
  const server = createServer({ keepAliveTimeout: 60_000 }, listener)
  return started(server, port, host)
}

/** One that speaks HTTP/2 without TLS. */
export const startHttp2Upstream = (listener: (req: Http2ServerRequest, res: Http2ServerResponse) => void): Promise<StartedUpstream> =>
  started(createHttp2Server(listener))

/** A TCP server that answers each connection as the test says: for what no HTTP server would send. */
export const startRawUpstream = (onConnection: (socket: Socket) => void): Promise<StartedUpstream> =>
  started(
    createTcpServer((socket) => {
      socket.on('error', () => {})
      onConnection(socket)
    }),
  )

/** Records every byte that arrives and answers each head that looks like one with `answer`. */
export const startRecordingUpstream = async (
  answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
): Promise<StartedUpstream & { received: () => string }> => {
  let received = ''
  const upstream = await startRawUpstream((socket) => {
    let own = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      own += chunk.toString('latin1')
      const end = own.indexOf('\r\n\r\n')
      if (end === -1) return
      const head = own.slice(0, end)
      const length = Number(/content-length: ([0-9]+)/i.exec(head)?.[1] ?? 0)
      const complete = /transfer-encoding: chunked/i.test(head) ? own.endsWith('0\r\n\r\n') : own.length >= end + 4 + length
      if (!complete) return
      own = ''
      socket.write(answer)
    })
  })
  return Object.assign(upstream, { received: () => received })
}

const started = async (server: Server, port = 0, host = '127.0.0.1'): Promise<StartedUpstream> => {
  const sockets = new Set<Socket>()
  let accepted = 0
  server.on('connection', (socket) => {
    accepted++
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(port, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    accepted: () => accepted,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
