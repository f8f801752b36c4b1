import type { Socket } from 'node:net'
import type { UpstreamResponse } from '../http/upstream-stream.ts'
import { addStickyCookie } from '../pool/choose-upstream.ts'
import type { Upstream } from '../pool/upstream.ts'
import type { Exchange } from './exchange.ts'
import { relay } from './relay.ts'

/**
 * A WebSocket leaves the exchange's streams here: the endpoint has agreed, and bytes are passed on as they are
 * (RFC 9110, section 7.8; RFC 6455, section 4). Nothing but the handshake was sent to it before.
 * @param early what came from the endpoint behind its response
 */
export const relayUpgrade = (exchange: Exchange, upstream: Upstream, response: UpstreamResponse, socket: Socket, early: Buffer): void => {
  const given = exchange.stream.takeSocket()
  if (given === null || exchange.phase !== 'forwarding') {
    socket.destroy()
    exchange.cut()
    return
  }
  const client = given.socket
  exchange.phase = 'responding'
  exchange.status = 101
  exchange.upstreamMs = performance.now() - exchange.startedAt - exchange.heldMs - exchange.queuedMs
  exchange.pending = null
  exchange.pool?.answered(upstream, 101)
  addStickyCookie(exchange, response.headers)
  upstream.adopt(socket)
  client.write(switchingProtocols(response), 'latin1')
  if (early.length > 0) client.write(early)
  const receivedBefore = socket.bytesWritten
  if (given.early.length > 0) socket.write(given.early)
  const sentBefore = client.bytesWritten
  relay(client, exchange.connection.transport, socket, () => {
    exchange.bytesReceived = socket.bytesWritten - receivedBefore
    exchange.bytesSent = client.bytesWritten - sentBefore
    exchange.end()
  })
}

const switchingProtocols = ({ reason, headers }: UpstreamResponse): string => {
  let text = `HTTP/1.1 101 ${reason === '' ? 'Switching Protocols' : reason}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${text}\r\n`
}
