import { execFile, execFileSync } from 'node:child_process'
import dns from 'node:dns/promises'
import { once } from 'node:events'
import net from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { askTcp, askUdp } from '../testing/ask.ts'
import { queryMessage, read } from '../testing/messages.ts'
import { addressRecord, scriptedUpstream, upstreamReply } from '../testing/scripted-upstream.ts'
import { serve } from '../testing/serve.ts'
import { domain, entry, loadedTable, resolverOf } from '../testing/tables.ts'
import { unusedPort } from '../testing/unused-port.ts'
import { Forwarder } from '../upstream/forwarder.ts'
import { withLength } from '../wire/frame.ts'
import { DnsServer } from './dns-server.ts'

const table = loadedTable(entry(1001), entry(1002))
const www = `www-1001.${domain}`
const dig = findDig()

describe.each([
  ['in batches', true],
  ['one by one', false],
])('server that takes datagrams %s', (_, batches) => {
  it('answers UDP and TCP on one port', async () => {
    await using server = await serve(table, undefined, { batches })
    const message = queryMessage({ name: www })
    const overUdp = await askUdp(server.port, message)
    expect(read(overUdp as Buffer).answers).toMatchObject([{ address: '127.0.0.1' }])
    expect(await askTcp(server.port, [message])).toEqual([overUdp])
  })

  it("is understood by Node's own resolver", async () => {
    await using server = await serve(table, undefined, { batches })
    const resolver = new dns.Resolver()
    resolver.setServers([`127.0.0.1:${server.port}`])
    expect(await resolver.resolve4(www, { ttl: true })).toEqual([{ address: '127.0.0.1', ttl: 5 }])
    expect(await resolver.resolve6(`db.1002.${domain}`)).toEqual(['fd00::2:3'])
    expect(await resolver.reverse('127.64.1.2')).toEqual([`web-2.1001.${domain}`])
    expect(await resolver.resolveSoa(domain)).toMatchObject({ nsname: `ns.${domain}`, serial: 7 })
    expect(await resolver.resolveNs(domain)).toEqual([`ns.${domain}`])
    await expect(resolver.resolve4(`nope.1001.${domain}`)).rejects.toMatchObject({ code: 'ENOTFOUND' })
    await expect(resolver.resolve6(`web.1001.${domain}`)).rejects.toMatchObject({ code: 'ENODATA' })
  })

  it.skipIf(dig === undefined)('is understood by dig, EDNS, TCP and transfers included', async () => {
    await using server = await serve(table, undefined, { batches })
    const run = async (...args: string[]) => {
      const { stdout } = await promisify(execFile)(dig as string, ['@127.0.0.1', '-p', String(server.port), ...args])
      return stdout
    }
    expect(await run('+short', `WEB.1001.${domain}`)).toBe('127.64.1.1\n127.64.1.2\n')
    expect(await run('+short', '+tcp', www)).toBe('127.0.0.1\n')
    expect(await run('+short', '-x', '127.64.2.1')).toBe(`web-1.1002.${domain}.\n`)
    expect(await run('+nocookie', www)).toMatch(/EDNS: version: 0, flags:; udp: 1232/)
    expect(await run('+edns=5', '+noednsneg', www)).toContain('status: BADVERS')
    expect(await run('+opcode=update', www)).toContain('status: NOTIMP')
    expect(await run(domain, 'AXFR')).toContain('Transfer failed')
    expect(await run(`nope.1001.${domain}`)).toMatch(/status: NXDOMAIN[\s\S]*SOA/)
  })

  it('sends no answer to a response and lives on (RFC 1035, section 4.1.1)', async () => {
    await using server = await serve(table, undefined, { batches })
    expect(await askUdp(server.port, queryMessage({ name: www, flags: 0x8180 }), 150)).toBeUndefined()
    expect(await askUdp(server.port, Buffer.alloc(0), 50)).toBeUndefined()
    expect(await askUdp(server.port, Buffer.from([1, 2, 3]), 50)).toBeUndefined()
    expect(await askUdp(server.port, queryMessage({ name: www }))).toBeDefined()
  })

  it('takes TCP queries that follow each other without waiting (RFC 7766, section 6.2.1.1), in any slices', async () => {
    await using server = await serve(table, undefined, { batches })
    const messages = Array.from({ length: 300 }, (_, id) => queryMessage({ id, name: id % 2 === 0 ? www : `web.1002.${domain}` }))
    for (const slice of [7, 1000, 1_000_000]) {
      const replies = await askTcp(server.port, messages, { slice })
      expect(replies.map((reply) => reply.readUInt16BE(0))).toEqual(messages.map((_, id) => id))
    }
  })

  it('answers over TCP out of order, as answers are ready (RFC 7766, section 7)', async () => {
    await using upstream = await scriptedUpstream(() => [])
    await using server = await serve(table, new Forwarder([upstream], { deadlineMs: 300 }), { batches })
    const replies = await askTcp(server.port, [queryMessage({ id: 1, name: 'slow.example' }), queryMessage({ id: 2, name: www })])
    expect(replies.map((reply) => [reply.readUInt16BE(0), read(reply).rcode])).toEqual([
      [2, 'NOERROR'],
      [1, 'SERVFAIL'],
    ])
  })

  it('takes more queries over one connection than may wait at once', async () => {
    await using upstream = await scriptedUpstream((query) => [upstreamReply(query, { answers: [addressRecord(1)] })])
    await using server = await serve(table, new Forwarder([upstream]), { batches })
    const messages = Array.from({ length: 200 }, (_, id) => queryMessage({ id, name: `n${id}.example` }))
    const replies = await askTcp(server.port, messages)
    expect(replies.map((reply) => reply.readUInt16BE(0)).sort((a, b) => a - b)).toEqual(messages.map((_, id) => id))
    expect(replies.every((reply) => read(reply).rcode === 'NOERROR')).toBe(true)
  })

  it('answers over TCP those who have finished writing (RFC 7766, section 6.2.4)', async () => {
    await using server = await serve(table, undefined, { batches })
    const replies = await askTcp(server.port, [queryMessage({ name: www }), queryMessage({ name: www })], { halfClose: true })
    expect(replies).toHaveLength(2)
  })

  it('closes idle TCP connections (RFC 7766, section 6.2.3), and the one that was quiet for longest for one above the limit (section 6.2.2)', async () => {
    await using server = await serve(table, undefined, { connections: 2, idleMs: 3000, batches })
    const connect = () => net.connect(server.port, '127.0.0.1').on('error', () => {})
    const [quiet, other] = [connect(), connect()]
    const closed = [quiet, other].map((socket) => once(socket.resume(), 'close'))
    await Promise.all([quiet, other].map((socket) => once(socket, 'connect')))
    expect(await askTcp(server.port, [queryMessage({ name: www })])).toHaveLength(1)
    // It may learn of it a turn after the third one has its reply.
    await closed[0]
    expect(other.closed).toBe(false)
    await Promise.all(closed)
  })

  it('closes a new connection where all that there may be wait for answers (RFC 7766, section 6.2.2)', async () => {
    await using upstream = await scriptedUpstream(() => [])
    await using server = await serve(table, new Forwarder([upstream], { deadlineMs: 1000 }), { connections: 2, batches })
    const waiting = [1, 2].map((id) => askTcp(server.port, [queryMessage({ id, name: `n${id}.example` })]))
    await expect.poll(() => upstream.asked.length).toBeGreaterThanOrEqual(2)
    const third = net.connect(server.port, '127.0.0.1').on('error', () => {})
    await once(third.resume(), 'close')
    for (const [reply] of await Promise.all(waiting)) expect(read(reply as Buffer).rcode).toBe('SERVFAIL')
  })

  it('closes a connection over which a query comes in octet by octet (RFC 7766, section 6.2.3)', async () => {
    await using server = await serve(table, undefined, { idleMs: 400, batches })
    const slow = net.connect(server.port, '127.0.0.1').on('error', () => {})
    const closed = closedOrReset(slow)
    slow.write(Buffer.from([1, 0]))
    const drip = setInterval(() => slow.write(Buffer.from([0])), 50)
    await closed
    clearInterval(drip)
    // 256 octets would have taken longer.
    expect(slow.bytesWritten).toBeLessThan(200)
  })

  it('closes a connection over which a query is announced that is longer than 4096 octets, before it has come (RFC 7766, section 6.2.2)', async () => {
    await using server = await serve(table, undefined, { batches })
    const padded = (length: number) => Buffer.concat([queryMessage({ name: www })], length)
    expect((await askTcp(server.port, [padded(4096)])).map((reply) => read(reply).rcode)).toEqual(['FORMERR'])
    for (const sent of [Buffer.from([0x10, 0x01]), withLength(padded(60_000))]) {
      const socket = net.connect(server.port, '127.0.0.1').on('error', () => {})
      const closed = closedOrReset(socket)
      socket.write(sent)
      await closed
      expect(socket.bytesRead).toBe(0)
    }
  })

  it('says which address is taken, for which protocol, and by which flag to change it', async () => {
    await using server = await serve(table, undefined, { batches })
    const second = new DnsServer(resolverOf(table), () => {}, { batches })
    await expect(second.listen({ address: '127.0.0.1', port: server.port })).rejects.toMatchObject({
      code: 'port_taken',
      message: `127.0.0.1:${server.port} is taken for UDP`,
      hint: expect.stringContaining('--listen'),
    })
    // One that the system gives to nobody, so that it is not taken for UDP as well.
    const port = await unusedPort('127.0.0.1')
    const tcp = net.createServer()
    await new Promise<void>((resolve) => tcp.listen(port, '127.0.0.1', resolve))
    await expect(second.listen({ address: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'port_taken',
      message: `127.0.0.1:${port} is taken for TCP`,
    })
    await new Promise((resolve) => tcp.close(resolve))
    await expect(second.listen({ address: '192.0.2.1', port: 0 })).rejects.toMatchObject({
      code: 'invalid',
      hint: expect.stringContaining('--listen'),
    })
    await second.close()
  })
})

/** Who still writes while the other side closes may learn of it by a reset. */
function closedOrReset(socket: net.Socket): Promise<void> {
  return new Promise((resolve) =>
    socket
      .on('error', () => {})
      .resume()
      .once('close', () => resolve()),
  )
}

/** CI has it; elsewhere the test is skipped, and says so. */
function findDig(): string | undefined {
  try {
    execFileSync('dig', ['-v'], { stdio: 'ignore' })
    return 'dig'
  } catch {
    if (process.env.CI === 'true') throw new Error('dig is missing: apt-get install bind9-dnsutils')
    process.stderr.write('skipped: the test with dig. To run it: apt-get install bind9-dnsutils\n')
    return undefined
  }
}
