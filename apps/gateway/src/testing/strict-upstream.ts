import type { Socket } from 'node:net'
import { type LlhttpMessage, llhttpRequest } from './llhttp.ts'
import { type StartedUpstream, startRawUpstream } from './upstream.ts'

/** What one connection from the gateway has brought. */
export interface UpstreamConnection {
  readonly socket: Socket
  /** latin1 */
  received: string
  /** Complete requests, as llhttp reads them. */
  readonly requests: LlhttpMessage[]
  /** Why what came last is no request; null: it is one, or may become one. */
  fault: string | null
}

export interface StrictUpstream extends StartedUpstream {
  readonly connections: readonly UpstreamConnection[]
  /** Of all connections, in the order of their ends. */
  readonly requests: readonly LlhttpMessage[]
  /** `POST /path, 5 bytes`, of all connections. */
  seen(): string[]
}

/**
 * A server that reads with llhttp, strictly, and keeps every byte. It answers as soon as a request is complete.
 * @param answer bytes of the answer; null: there will be none
 */
export const startStrictUpstream = async (
  answer: (request: LlhttpMessage, connection: UpstreamConnection) => string | null = okAnswer,
): Promise<StrictUpstream> => {
  const connections: UpstreamConnection[] = []
  const requests: LlhttpMessage[] = []
  const upstream = await startRawUpstream((socket) => {
    const connection: UpstreamConnection = { socket, received: '', requests: [], fault: null }
    connections.push(connection)
    let at = 0
    socket.on('data', (chunk) => {
      connection.received += chunk.toString('latin1')
      while (at < connection.received.length) {
        const request = llhttpRequest(connection.received.slice(at))
        if (request.end === -1) {
          connection.fault = request.error
          return
        }
        at += request.end
        connection.requests.push(request)
        requests.push(request)
        const bytes = answer(request, connection)
        if (bytes !== null) socket.write(bytes, 'latin1')
      }
    })
  })
  const seen = () => requests.map(({ method, target, body }) => `${method} ${target}, ${body.length} bytes`)
  return Object.assign(upstream, { connections, requests, seen })
}

/** The path comes back as the body. */
export const okAnswer = ({ method, target }: LlhttpMessage): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${method === 'HEAD' ? '' : target}`
