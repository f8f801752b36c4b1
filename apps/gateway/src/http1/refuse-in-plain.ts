import type { Socket } from 'node:net'
import type { StandinError } from '@standin/client/errors'

/** How long a client may take to read why it was refused, ms. */
const lingerMs = 1_000
/** Whom more than this many are refused at once, is not told why: refusing must stay cheaper than serving. */
const lingerLimit = 256

let lingering = 0

/** Says in HTTP/1.1 why a connection is not served, and closes it. */
export const refuseInPlain = (socket: Socket, error: StandinError): void => {
  if (lingering >= lingerLimit) {
    socket.destroy()
    return
  }
  lingering++
  const body = `${JSON.stringify(error.toProblem())}\n`
  const retry = error.status === 503 ? 'Retry-After: 1\r\n' : ''
  const reason = error.status === 503 ? '503 Service Unavailable' : '400 Bad Request'
  socket.end(
    `HTTP/1.1 ${reason}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${retry}Connection: close\r\n\r\n${body}`,
  )
  // What comes meanwhile is read away: a reset would take the answer with it.
  socket.resume()
  const deadline = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('end', () => socket.destroy())
  socket.once('close', () => {
    lingering--
    clearTimeout(deadline)
  })
}
