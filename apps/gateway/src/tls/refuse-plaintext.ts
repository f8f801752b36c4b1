import type { Socket } from 'node:net'
import { StandinError } from '@standin/client/errors'

/** How long a client may take to read why it was refused, ms. */
const lingerMs = 1_000

/** Tells a client that speaks HTTP to a port for TLS what went wrong; what is no HTTP either gets no answer. */
export const refusePlaintext = (socket: Socket, first: Buffer): void => {
  if (!/^[A-Z]{3,20} /.test(first.toString('latin1', 0, 24))) {
    socket.destroy()
    return
  }
  const problem = new StandinError('invalid', 'This port speaks TLS, but the request came in plain HTTP', {
    hint: 'Use https:// instead of http://',
  })
  const body = `${JSON.stringify(problem.toProblem())}\n`
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
  // What comes meanwhile is read away: a reset would take the answer with it.
  socket.resume()
  socket.setTimeout(lingerMs, () => socket.destroy())
  socket.once('end', () => socket.destroy())
}
