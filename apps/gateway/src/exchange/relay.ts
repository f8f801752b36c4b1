import type { Socket } from 'node:net'

/** How long one side may go on after the other has ended, ms. */
const lingerMs = 5_000

/**
 * Passes bytes both ways, as fast as the slower side takes them, until either side ends. A reset on one side resets the
 * other, so that a broken connection never looks like one that was closed. `onEnd` is called once, when both are gone.
 * @param transport the client's TCP connection, below TLS where there is any
 */
export const relay = (client: Socket, transport: Socket, upstream: Socket, onEnd: () => void): void => {
  let open = 2
  let linger: NodeJS.Timeout | undefined
  const onClose = (socket: Socket, other: Socket) => {
    open--
    if (open === 0) {
      clearTimeout(linger)
      onEnd()
    } else if (socket.readableEnded) lingerThenClose()
    // It was closed on our side: nobody is left to whom the other could say how it goes on.
    else other.destroy()
  }
  const lingerThenClose = () => {
    linger ??= setTimeout(() => {
      client.destroy()
      upstream.destroy()
    }, lingerMs)
  }
  client.on('end', lingerThenClose)
  upstream.on('end', lingerThenClose)
  client.on('error', () => upstream.resetAndDestroy())
  upstream.on('error', () => {
    transport.resetAndDestroy()
    client.destroy()
  })
  client.on('close', () => onClose(client, upstream))
  upstream.on('close', () => onClose(upstream, client))
  client.pipe(upstream)
  upstream.pipe(client)
  // Whoever left before the relay began won't say so again.
  if (client.destroyed) upstream.destroy()
  if (upstream.destroyed) client.destroy()
}
