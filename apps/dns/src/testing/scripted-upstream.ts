import dgram from 'node:dgram'
import net from 'node:net'
import { takeFrames, withLength } from '../wire/frame.ts'
import { words } from './messages.ts'

/** What an upstream sends for a query; several messages where it is a liar. */
export type Script = (query: Buffer, protocol: 'udp' | 'tcp') => readonly Buffer[]

export interface ScriptedUpstream extends AsyncDisposable {
  readonly address: string
  readonly port: number
  readonly asked: { readonly protocol: 'udp' | 'tcp'; readonly message: Buffer; readonly port: number }[]
}

/** A name server on loopback, UDP and TCP on one port, that says what its script says. */
export async function scriptedUpstream(script: Script): Promise<ScriptedUpstream> {
  const asked: ScriptedUpstream['asked'] = []
  const sockets = new Set<net.Socket>()
  for (let attempt = 0; attempt < 20; attempt++) {
    const udp = dgram.createSocket('udp4')
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
    const { port } = udp.address()
    udp.on('message', (message, source) => {
      asked.push({ protocol: 'udp', message, port: source.port })
      for (const reply of script(message, 'udp')) udp.send(reply, source.port, source.address)
    })
    const tcp = net.createServer((socket) => {
      sockets.add(socket.on('error', () => {}))
      socket.on('data', (chunk) => {
        for (const message of takeFrames(chunk).messages) {
          asked.push({ protocol: 'tcp', message, port: socket.remotePort ?? 0 })
          for (const reply of script(message, 'tcp')) socket.write(withLength(reply))
        }
      })
    })
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
      async [Symbol.asyncDispose]() {
        for (const socket of sockets) socket.destroy()
        await Promise.all([new Promise((resolve) => tcp.close(resolve)), new Promise<void>((resolve) => udp.close(resolve))])
      },
    }
  }
  throw new Error('no port is free for both UDP and TCP')
}

/** The reply to a query: its id and question, `flags` (default QR, RD, RA), the records of the answer section as given. */
export function upstreamReply(query: Buffer, options: { flags?: number; answers?: Buffer[]; additionals?: Buffer[] } = {}): Buffer {
  const { answers = [], additionals = [] } = options
  const questionEnd = query.indexOf(0, 12) + 5
  return Buffer.concat([
    query.subarray(0, 2),
    words(options.flags ?? 0x8180, 1, answers.length, 0, additionals.length),
    query.subarray(12, questionEnd),
    ...answers,
    ...additionals,
  ])
}

/** An A record of the question's name. */
export function addressRecord(last: number, ttl = 60): Buffer {
  return Buffer.concat([words(0xc00c, 1, 1, 0, ttl, 4), Buffer.from([192, 0, 2, last])])
}
