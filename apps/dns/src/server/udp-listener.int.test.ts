import dgram from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { askUdp } from '../testing/ask.ts'
import { queryMessage, read, words } from '../testing/messages.ts'
import { MutatedPackets } from '../testing/mutated-packets.ts'
import { addressRecord, scriptedUpstream, upstreamReply } from '../testing/scripted-upstream.ts'
import { domain, entry, loadedTable, resolverOf } from '../testing/tables.ts'
import { Forwarder } from '../upstream/forwarder.ts'
import { MessageVector } from './message-vector.ts'
import { family, writeAddress } from './socket-address.ts'
import { systemCalls } from './system-calls.ts'
import { type UdpLimits, UdpListener } from './udp-listener.ts'

const table = loadedTable(entry(1001), entry(1002))
const names = ['web', 'db', 'web-1', 'web-2', 'db-1'].map((host) => `${host}.1001.${domain}`)
const calls = await systemCalls()

async function listen(address: string, limits: UdpLimits, resolver = resolverOf(table), port = 0) {
  const listener = new UdpListener(
    resolver,
    (cause) => {
      throw cause
    },
    limits,
  )
  return { port: await listener.listen(address, port), [Symbol.asyncDispose]: () => listener.close() }
}

/** Sends many queries at once from a socket of its own and gives the replies, in the order in which they came. */
async function askMany(messages: readonly Buffer[], port: number, { address = '127.0.0.1', expected = messages.length } = {}) {
  const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4')
  const replies: Buffer[] = []
  try {
    const done = new Promise<void>((resolve) => {
      socket.on('message', (reply) => {
        replies.push(reply)
        if (replies.length === expected) resolve()
      })
    })
    for (const message of messages) socket.send(message, port, address)
    await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 10_000).unref())])
    return replies
  } finally {
    socket.close()
  }
}

/** Root may, as a rule. */
function maySendRaw(): boolean {
  const fd = calls?.socket(family.inet, 3, 17) ?? -1
  if (fd >= 0) calls?.close(fd)
  return fd >= 0
}

/** A datagram of loopback as nobody sends it who wants an answer: the UDP header is ours. */
function sendFromPort0(message: Buffer, port: number): void {
  if (calls === undefined) throw new Error('there is no way to send it')
  const fd = calls.socket(family.inet, 3, 17)
  const vector = new MessageVector(1, 512, calls.addressOf)
  vector.setNameLength(0, writeAddress('127.0.0.1', 0, vector.octets, vector.nameAt(0)))
  const datagram = Buffer.concat([words(0, port, 8 + message.length, 0), message])
  vector.octets.set(datagram, vector.dataAt(0))
  vector.setLength(0, datagram.length)
  const sent = calls.sendmmsg(fd, vector.addressFrom(0), 1, 0)
  calls.close(fd)
  expect(sent).toBe(1)
}

const idOf = (message: Buffer) => message.readUInt16BE(0)

it.runIf(process.platform === 'linux' && process.arch === 'x64')('takes datagrams in batches on this system', () => {
  expect(calls).toBeDefined()
})

describe.each([
  ['in batches', true],
  ['one by one', false],
])('UDP listener that takes datagrams %s', (_, batches) => {
  it('gives each asker the answers to its own questions, however many ask at once', async () => {
    await using server = await listen('127.0.0.1', { batches })
    await Promise.all(
      Array.from({ length: 8 }, async (_, asker) => {
        const messages = Array.from({ length: 100 }, (_, index) => {
          const name = names[(asker + index) % names.length] as string
          return queryMessage({ id: asker * 1000 + index, name: index % 2 === 0 ? name.toUpperCase() : name })
        })
        const replies = await askMany(messages, server.port)
        expect(replies.map(idOf).sort((a, b) => a - b)).toEqual(messages.map(idOf))
        for (const reply of replies) {
          const asked = messages[idOf(reply) - asker * 1000] as Buffer
          expect(reply.subarray(12, asked.length)).toEqual(asked.subarray(12))
          expect(read(reply)).toMatchObject({ rcode: 'NOERROR', aa: true })
        }
      }),
    )
  })

  it.runIf(maySendRaw())('drops what comes from port 0, alone or among others, and lives on (RFC 768; RFC 6335, section 6)', async () => {
    await using server = await listen('127.0.0.1', { batches })
    const query = queryMessage({ id: 9, name: names[0] as string })
    for (let round = 0; round < 5; round++) {
      sendFromPort0(query, server.port)
      const replies = await askMany(
        Array.from({ length: 10 }, (_, id) => queryMessage({ id, name: names[0] as string })),
        server.port,
      )
      expect(replies.map(idOf).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      sendFromPort0(query, server.port)
    }
  })

  it('answers late to who asked, with others in between', async () => {
    await using upstream = await scriptedUpstream((query) => [
      upstreamReply(query, { answers: [addressRecord(query.readUInt8(13) | 0x20)] }),
    ])
    const forwarder = new Forwarder([upstream])
    await using server = await listen('127.0.0.1', { batches }, resolverOf(table, forwarder))
    await Promise.all(
      Array.from({ length: 5 }, async (_, asker) => {
        const messages = Array.from({ length: 20 }, (_, index) =>
          queryMessage({
            id: asker * 100 + index,
            name: index % 2 === 0 ? `${String.fromCharCode(97 + asker)}${index}.example` : (names[0] as string),
          }),
        )
        const replies = await askMany(messages, server.port)
        expect(replies.map(idOf).sort((a, b) => a - b)).toEqual(messages.map(idOf))
        for (const reply of replies.filter((each) => idOf(each) % 2 === 0))
          expect(read(reply).answers).toMatchObject([{ address: `192.0.2.${97 + asker}` }])
      }),
    )
    forwarder.close()
  })

  it('drops what is longer than 4096 octets, and says FORMERR to what is not a query up to there (RFC 1035, section 4.1.1)', async () => {
    await using server = await listen('127.0.0.1', { batches })
    const padded = (id: number, length: number) => Buffer.concat([queryMessage({ id, name: names[0] as string })], length)
    const messages = [padded(1, 4097), padded(2, 4096), padded(3, 60_000), queryMessage({ id: 4, name: names[0] as string })]
    const replies = await askMany([...messages, ...messages], server.port, { expected: 4 })
    expect(replies.map((reply) => [idOf(reply), read(reply).rcode]).sort()).toEqual([
      [2, 'FORMERR'],
      [2, 'FORMERR'],
      [4, 'NOERROR'],
      [4, 'NOERROR'],
    ])
  })

  it('sends nothing back to responses and runts, and goes on (RFC 1035, section 4.1.1)', async () => {
    await using server = await listen('127.0.0.1', { batches })
    const noise = [queryMessage({ id: 1, name: names[0] as string, flags: 0x8180 }), Buffer.alloc(0), Buffer.alloc(11, 1)]
    const replies = await askMany([...noise, ...noise, queryMessage({ id: 2, name: names[0] as string })], server.port, { expected: 1 })
    expect(replies.map(idOf)).toEqual([2])
  })

  it('lives through packets of any kind', { timeout: 60_000 }, async () => {
    await using server = await listen('127.0.0.1', { batches })
    const packets = new MutatedPackets(Date.now() % 0x7fff_ffff)
    const socket = dgram.createSocket('udp4')
    try {
      for (let count = 0; count < 3000; count++) {
        socket.send(packets.next(), server.port, '127.0.0.1')
        if (count % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      // It may be lost among them.
      await expect.poll(() => askUdp(server.port, queryMessage({ name: names[0] as string }), 500), { timeout: 20_000 }).toBeDefined()
    } finally {
      socket.close()
    }
  })

  it('drops what comes from port 0 (RFC 6335, section 6)', async ({ skip }) => {
    const raw = calls?.socket(2, 3, 17) ?? -1
    if (calls === undefined || raw < 0) return skip('a raw socket takes Linux and a privilege')
    await using server = await listen('127.0.0.1', { batches })
    try {
      const query = queryMessage({ name: names[0] as string })
      const header = Buffer.alloc(8)
      header.writeUInt16BE(server.port, 2)
      header.writeUInt16BE(8 + query.length, 4)
      const vector = new MessageVector(1, 512, calls.addressOf)
      vector.octets.set(Buffer.concat([header, query]), vector.dataAt(0))
      vector.setLength(0, 8 + query.length)
      vector.setNameLength(0, writeAddress('127.0.0.1', 0, vector.octets, vector.nameAt(0)))
      for (let time = 0; time < 3; time++) expect(calls.sendmmsg(raw, vector.addressFrom(0), 1, 0)).toBe(1)
      expect(await askUdp(server.port, query)).toBeDefined()
    } finally {
      calls.close(raw)
    }
  })

  it('listens on IPv6, and on both families at once', async () => {
    await using loopback = await listen('::1', { batches })
    const messages = Array.from({ length: 10 }, (_, id) => queryMessage({ id, name: names[id % 5] as string }))
    expect(await askMany(messages, loopback.port, { address: '::1' })).toHaveLength(10)
    await using everywhere = await listen('::', { batches })
    expect(await askMany(messages, everywhere.port, { address: '::1' })).toHaveLength(10)
    expect(await askMany(messages, everywhere.port)).toHaveLength(10)
  })

  it('shares its port with others of its kind if it may', async () => {
    await using first = await listen('127.0.0.1', { batches, reusePort: true })
    await using second = await listen('127.0.0.1', { batches, reusePort: true }, resolverOf(table), first.port)
    expect(second.port).toBe(first.port)
    for (let time = 0; time < 5; time++) expect(await askUdp(first.port, queryMessage({ name: names[0] as string }))).toBeDefined()
  })

  it('shares its port with nobody else', async () => {
    await using server = await listen('127.0.0.1', { batches })
    await expect(listen('127.0.0.1', { batches }, resolverOf(table), server.port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const thief = dgram.createSocket({ type: 'udp4', reuseAddr: true })
    const failed = once(thief, 'error')
    thief.bind(server.port, '127.0.0.1')
    expect((await failed)[0]).toMatchObject({ code: 'EADDRINUSE' })
    thief.close()
  })

  it('names the error of an address that this machine does not have', async () => {
    await expect(listen('192.0.2.1', { batches })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL', syscall: 'bind' })
  })

  it('leaves its port when it is closed, and what comes late from upstreams is sent to nobody', async () => {
    await using upstream = await scriptedUpstream(() => [])
    const forwarder = new Forwarder([upstream], { deadlineMs: 60_000 })
    const server = await listen('127.0.0.1', { batches }, resolverOf(table, forwarder))
    const asked = askUdp(server.port, queryMessage({ name: 'late.example' }), 1500)
    await expect.poll(() => upstream.asked.length).toBeGreaterThan(0)
    await server[Symbol.asyncDispose]()
    await using next = await listen('127.0.0.1', { batches }, resolverOf(table), server.port)
    const { message, port } = upstream.asked[0] as (typeof upstream.asked)[number]
    await upstream.send(upstreamReply(message, { answers: [addressRecord(1)] }), port)
    await expect.poll(() => forwarder.counters.answered).toBe(1)
    expect(await askUdp(next.port, queryMessage({ name: names[0] as string }))).toBeDefined()
    expect(await asked).toBeUndefined()
    forwarder.close()
  })
})
