import dgram from 'node:dgram'
import net from 'node:net'
import { numericLookup } from '../server/numeric-lookup.ts'
import { takeFrames, withLength } from '../wire/frame.ts'

export interface Upstream {
  readonly address: string
  readonly port: number
}

export interface Exchange {
  readonly upstream: Upstream
  readonly message: Buffer
  /** Whether a message that came is the reply. Others are ignored: whoever guesses must not win by being first. */
  readonly accepts: (reply: Buffer) => boolean
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Asks over UDP from a socket of its own: the system picks a random port (RFC 5452, section 9.2), and, the socket being
 * connected, drops what comes from elsewhere and reports a closed port at once. Rejects on that and when the time is over.
 */
export function exchangeOverUdp({ upstream, message, accepts, timeoutMs, signal }: Exchange): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket({ type: net.isIPv6(upstream.address) ? 'udp6' : 'udp4', lookup: numericLookup })
    const finish = (settle: () => void) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.removeAllListeners('message').removeAllListeners('error').on('error', ignore)
      socket.close()
      settle()
    }
    const fail = (cause: Error) => finish(() => reject(cause))
    const onAbort = () => fail(new Error('the resolver is stopping'))
    const timer = setTimeout(() => fail(new Error(`no reply over UDP within ${timeoutMs} ms`)), timeoutMs)
    signal.addEventListener('abort', onAbort)
    socket.on('error', fail)
    socket.on('message', (reply) => {
      if (accepts(reply)) finish(() => resolve(reply))
    })
    socket.connect(upstream.port, upstream.address, () => socket.send(message))
  })
}

/** Asks over TCP, for what does not fit into a datagram (RFC 7766, section 5). Rejects as the one over UDP. */
export function exchangeOverTcp({ upstream, message, accepts, timeoutMs, signal }: Exchange): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(upstream.port, upstream.address)
    const finish = (settle: () => void) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.removeAllListeners().on('error', ignore)
      socket.destroy()
      settle()
    }
    const fail = (cause: Error) => finish(() => reject(cause))
    const onAbort = () => fail(new Error('the resolver is stopping'))
    const timer = setTimeout(() => fail(new Error(`no reply over TCP within ${timeoutMs} ms`)), timeoutMs)
    signal.addEventListener('abort', onAbort)
    let received: Buffer = Buffer.alloc(0)
    socket.on('error', fail)
    socket.on('close', () => fail(new Error('the connection was closed before a reply came')))
    socket.on('connect', () => socket.write(withLength(message)))
    socket.on('data', (chunk) => {
      const { messages, rest } = takeFrames(received.length === 0 ? chunk : Buffer.concat([received, chunk]))
      received = rest
      const reply = messages.find(accepts)
      if (reply !== undefined) finish(() => resolve(reply))
    })
  })
}

function ignore(): void {
  // A socket that is being closed has nothing more to say.
}
