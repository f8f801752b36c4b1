import dgram from 'node:dgram'
import { once } from 'node:events'
import { connect, isIPv6 } from 'node:net'
import { StandinError } from '@standin/client/errors'
import { decodeReply, encodeQuery, isReplyTo, isTruncated, type Query, type Reply } from './message.ts'

export interface ServerAddress {
  readonly address: string
  readonly port: number
}

export interface Asked extends Reply {
  /** `127.0.0.1:5354` */
  readonly server: string
  readonly transport: 'udp' | 'tcp'
  /** Until the reply came. */
  readonly ms: number
}

/** How long one message waits for its reply, ms; over UDP a second one is sent then. */
const patienceMs = 2_500
const attempts = 2

/** `127.0.0.1:5354`, `[::1]:53`, or without a port. @throws StandinError `invalid` */
export function parseServer(text: string): ServerAddress {
  const [, ipv6, ipv4, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+))(?::([0-9]{1,5}))?$/.exec(text) ?? []
  const bare = isIPv6(text) ? text : undefined
  const address = bare ?? ipv6 ?? ipv4
  const port = Number(digits ?? 53)
  if (
    address === undefined ||
    port < 1 ||
    port > 65_535 ||
    (address.includes(':') ? !isIPv6(address) : !/^(?:\d{1,3}\.){3}\d{1,3}$/.test(address))
  ) {
    throw new StandinError('invalid', `'${text}' is not the address of a server.`, {
      hint: 'Write it as 127.0.0.1:5354; without a port it is 53.',
    })
  }
  return { address, port }
}

/**
 * Asks over UDP, and over TCP where the reply is cut (RFC 7766, section 5).
 * @throws StandinError `unreachable` where nobody answers, `invalid` for what is no name
 */
export async function askServer(
  { address, port }: ServerAddress,
  name: string,
  type: number,
  overTcp: boolean,
  signal: AbortSignal,
): Promise<Asked> {
  const server = `${address.includes(':') ? `[${address}]` : address}:${port}`
  const query = encodeQuery(name, type)
  const startedAt = performance.now()
  try {
    let transport: Asked['transport'] = overTcp ? 'tcp' : 'udp'
    let reply = overTcp ? await askTcp({ address, port }, query, signal) : await askUdp({ address, port }, query, signal)
    if (!overTcp && isTruncated(reply)) {
      transport = 'tcp'
      reply = await askTcp({ address, port }, query, signal)
    }
    const ms = Math.round((performance.now() - startedAt) * 100) / 100
    return { server, transport, ms, ...decodeReply(reply) }
  } catch (cause) {
    signal.throwIfAborted()
    const why = cause instanceof RangeError ? `its reply makes no sense: ${cause.message}` : reason(cause as NodeJS.ErrnoException)
    throw new StandinError('unreachable', `${server} gave no answer: ${why}.`, {
      hint: '`standin doctor` tells whether the resolver runs; --server names another one.',
      cause,
    })
  }
}

function reason({ code, name, message }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') return 'nobody listens there'
  return name === 'AbortError' || name === 'TimeoutError' ? `none within ${patienceMs} ms` : message
}

async function askUdp({ address, port }: ServerAddress, query: Query, signal: AbortSignal): Promise<Buffer> {
  const socket = dgram.createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  try {
    // Then the system tells when nobody listens there.
    socket.connect(port, address)
    await once(socket, 'connect', { signal })
    for (let attempt = 1; ; attempt++) {
      socket.send(query.message)
      try {
        return await replyOn(socket, query, AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]))
      } catch (cause) {
        if (attempt === attempts || signal.aborted || (cause as NodeJS.ErrnoException).code === 'ECONNREFUSED') throw cause
      }
    }
  } finally {
    socket.close()
  }
}

async function replyOn(socket: dgram.Socket, query: Query, signal: AbortSignal): Promise<Buffer> {
  for (;;) {
    const [message] = (await once(socket, 'message', { signal })) as [Buffer]
    if (isReplyTo(query, message)) return message
  }
}

async function askTcp({ address, port }: ServerAddress, query: Query, signal: AbortSignal): Promise<Buffer> {
  const socket = connect({ host: address, port, signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]) })
  try {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(query.message.length)
    socket.write(Buffer.concat([length, query.message]))
    let received: Buffer = Buffer.alloc(0)
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer])
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const reply = received.subarray(2, 2 + received.readUInt16BE(0))
        if (!isReplyTo(query, reply)) throw new Error('it answered something else')
        return reply
      }
    }
    throw new Error('it closed the connection')
  } finally {
    socket.destroy()
  }
}
