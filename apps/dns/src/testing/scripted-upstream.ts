import dgram from 'node:dgram'
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { takeFrames, withLength } from '../wire/frame.ts'
import { words } from './messages.ts'

type Protocol = 'udp' | 'tcp'

/**
 * One thing that an upstream does about a query: sends a message; sends one after a while; sends one from another port (UDP);
 * sends octets as they are, without a length in front (TCP); ends the connection (TCP).
 */
type Deed =
  | Buffer
  | { readonly afterMs: number; readonly message: Buffer }
  | { readonly fromElsewhere: Buffer }
  | { readonly octets: Buffer }
  | 'hangUp'

/** What an upstream does about a query; several things where it is a liar. */
export type Script = (query: Buffer, protocol: Protocol) => readonly Deed[]

export interface ScriptedUpstream extends AsyncDisposable {
  readonly address: string
  readonly port: number
  readonly asked: { readonly protocol: Protocol; readonly message: Buffer; readonly port: number }[]
  /** TCP connections that were ever opened. */
  readonly connections: number
  /** Those that are open. */
  readonly open: number
  /** Changes what it does from now on. */
  follow(script: Script): void
  /** Sends a datagram that nobody asked for, or that somebody sends in its name, to a port of loopback. */
  send(message: Buffer, port: number): Promise<void>
}

/** A name server on loopback, UDP and TCP on one port, that does what its script says; with `secured`, TLS instead of TCP. */
export async function scriptedUpstream(first: Script, secured?: tls.TlsOptions): Promise<ScriptedUpstream> {
  let script = first
  const asked: ScriptedUpstream['asked'] = []
  const sockets = new Set<net.Socket>()
  const timers = new Set<NodeJS.Timeout>()
  let connections = 0
  const later = (afterMs: number, act: () => void) => timers.add(setTimeout(act, afterMs))

  const serveStream = (socket: net.Socket) => {
    connections++
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)))
    let received: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      const { messages, rest } = takeFrames(Buffer.concat([received, chunk]))
      received = rest
      for (const message of messages) {
        asked.push({ protocol: 'tcp', message, port: socket.remotePort ?? 0 })
        for (const deed of script(message, 'tcp')) {
          if (deed === 'hangUp') socket.destroy()
          else if (Buffer.isBuffer(deed)) socket.write(withLength(deed))
          else if ('afterMs' in deed) later(deed.afterMs, () => socket.write(withLength(deed.message)))
          else if ('octets' in deed) socket.write(deed.octets)
        }
      }
    })
  }
  const serveUdp = (udp: dgram.Socket, message: Buffer, source: dgram.RemoteInfo) => {
    asked.push({ protocol: 'udp', message, port: source.port })
    for (const deed of script(message, 'udp')) {
      if (Buffer.isBuffer(deed)) udp.send(deed, source.port, source.address)
      else if (deed === 'hangUp' || 'octets' in deed) continue
      else if ('afterMs' in deed) later(deed.afterMs, () => udp.send(deed.message, source.port, source.address, () => {}))
      else {
        const elsewhere = dgram.createSocket('udp4')
        elsewhere.send(deed.fromElsewhere, source.port, source.address, () => elsewhere.close())
      }
    }
  }

  for (let attempt = 0; attempt < 20; attempt++) {
    const udp = dgram.createSocket('udp4')
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
    const { port } = udp.address()
    udp.on('message', (message, source) => serveUdp(udp, message, source))
    const tcp = secured === undefined ? net.createServer(serveStream) : tls.createServer(secured, serveStream)
    tcp.on('tlsClientError', () => {})
    const bound = await new Promise<boolean>((resolve) => {
      tcp.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!bound) {
      udp.close()
      continue
    }
    return {
      address: '127.0.0.1',
      port,
      asked,
      get connections() {
        return connections
      },
      get open() {
        return sockets.size
      },
      follow(next) {
        script = next
      },
      send(message, to) {
        return new Promise((resolve) => udp.send(message, to, '127.0.0.1', () => resolve()))
      },
      async [Symbol.asyncDispose]() {
        for (const timer of timers) clearTimeout(timer)
        for (const socket of sockets) socket.destroy()
        udp.close()
        tcp.close()
        await Promise.all([once(udp, 'close'), once(tcp, 'close')])
      },
    }
  }
  throw new Error('no port is free for both UDP and TCP')
}

/** The reply to a query: its id and question, `flags` (default QR, RD, RA), the records of the sections as given. */
export function upstreamReply(
  query: Buffer,
  options: { flags?: number; answers?: Buffer[]; authorities?: Buffer[]; additionals?: Buffer[] } = {},
): Buffer {
  const { answers = [], authorities = [], additionals = [] } = options
  const questionEnd = query.indexOf(0, 12) + 5
  return Buffer.concat([
    query.subarray(0, 2),
    words(options.flags ?? 0x8180, 1, answers.length, authorities.length, additionals.length),
    query.subarray(12, questionEnd),
    ...answers,
    ...authorities,
    ...additionals,
  ])
}

/** An A record of the question's name. */
export function addressRecord(last: number, ttl = 60): Buffer {
  return recordOf(0xc00c, 1, ttl, Buffer.from([192, 0, 2, last]))
}

/** A record; its owner is the octets of a name, or a pointer to one. */
export function recordOf(owner: Buffer | number, type: number, ttl: number, data: Buffer): Buffer {
  const name = typeof owner === 'number' ? words(owner) : owner
  return Buffer.concat([name, words(type, 1, ttl >>> 16, ttl & 0xffff, data.length), data])
}

/** The SOA of the root, for the authority section: how long "no" may be kept. */
export function rootSoa(ttl: number, minimum: number): Buffer {
  const numbers = Buffer.alloc(20)
  numbers.writeUInt32BE(minimum, 16)
  return recordOf(Buffer.from([0]), 6, ttl, Buffer.concat([Buffer.from([0, 0]), numbers]))
}
