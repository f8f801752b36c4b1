import { randomBytes } from 'node:crypto'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { askUdp } from '../testing/ask.ts'
import { queryMessage, read } from '../testing/messages.ts'
import { resolverProcess } from '../testing/resolver-process.ts'
import { addressRecord, scriptedUpstream, upstreamReply } from '../testing/scripted-upstream.ts'
import { serve } from '../testing/serve.ts'
import { loadedTable, source } from '../testing/tables.ts'
import { unusedPort } from '../testing/unused-port.ts'
import { Query } from '../wire/query.ts'
import { Forwarder } from './forwarder.ts'
import type { Trail } from './loop-marker.ts'

/** Far above what a loop takes that is seen, below the deadline at which nobody has answered. */
const atOnceMs = 4_000

/** Processes of which each asks the ports that it is given for everything. */
async function circle(directory: string, ...asking: { port: number; upstreams: number[]; workers?: number; also?: string }[]) {
  const start = async ({ port, upstreams, workers = 1, also = '' }: (typeof asking)[number]) => {
    const file = join(directory, `${port}.conf`)
    await writeFile(file, `no-resolv\nno-hosts\n${also}\n${upstreams.map((each) => `server=127.0.0.1#${each}\n`).join('')}`)
    const flags = ['--home', directory, '--conf-file', file, '--listen', `127.0.0.1:${port}`, '--workers', String(workers)]
    return await resolverProcess(...flags)
  }
  const processes = await Promise.all(asking.map(start))
  return {
    processes,
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((each) => each[Symbol.asyncDispose]()))
    },
  }
}

const asked = async (port: number, name: string) => {
  const reply = await askUdp(port, queryMessage({ name, edns: {} }), atOnceMs)
  return reply === undefined ? 'nothing' : { ...read(reply), text: reply.toString('latin1') }
}
const isLoop = { rcode: 'SERVFAIL', text: expect.stringContaining('forwarding loop') }

describe('resolvers that forward to each other', () => {
  it('say so at once, whichever is asked, and whoever asks both at the same time', { timeout: 60_000 }, async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'standin-dns-'))
    const [one, other] = [await unusedPort('127.0.0.1'), await unusedPort('127.0.0.1')]
    const both = await circle(directory.path, { port: one, upstreams: [other] }, { port: other, upstreams: [one] })
    await using _ = both
    expect(await asked(one, 'first.example')).toMatchObject(isLoop)
    expect(await asked(other, 'second.example')).toMatchObject(isLoop)
    // Each waits for the other one with the same question.
    const together = await Promise.all([one, other, one, other].map((port) => asked(port, 'third.example')))
    for (const reply of together) expect(reply).toMatchObject(isLoop)
    const told = () => both.processes.map(({ log }) => log().filter(({ msg }) => String(msg).includes('forwarding loop')).length)
    await expect.poll(() => Math.max(...told())).toBe(1)
  })

  it('say so where there are three, and several processes of each', { timeout: 60_000 }, async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'standin-dns-'))
    const [a, b, c] = [await unusedPort('127.0.0.1'), await unusedPort('127.0.0.1'), await unusedPort('127.0.0.1')]
    await using _ = await circle(
      directory.path,
      { port: a, upstreams: [b], workers: 2 },
      { port: b, upstreams: [c] },
      { port: c, upstreams: [a] },
    )
    for (const name of ['one.example', 'two.example', 'three.example', 'four.example']) expect(await asked(a, name)).toMatchObject(isLoop)
  })

  it('say so where it is by aliases that they ask each other', { timeout: 60_000 }, async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'standin-dns-'))
    const [one, other] = [await unusedPort('127.0.0.1'), await unusedPort('127.0.0.1')]
    await using _ = await circle(
      directory.path,
      { port: one, upstreams: [other], also: 'cname=a.example,b.example' },
      { port: other, upstreams: [one], also: 'cname=b.example,a.example' },
    )
    for (const port of [one, other, one])
      for (const name of ['a.example', 'b.example']) expect(await asked(port, name)).toMatchObject(isLoop)
  })

  it('give the answer of one that is not in the circle', { timeout: 60_000 }, async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'standin-dns-'))
    await using upstream = await scriptedUpstream((query) => [upstreamReply(query, { answers: [addressRecord(1)] })])
    const [one, other] = [await unusedPort('127.0.0.1'), await unusedPort('127.0.0.1')]
    await using _ = await circle(directory.path, { port: one, upstreams: [other] }, { port: other, upstreams: [one, upstream.port] })
    for (const port of [one, other])
      expect(await asked(port, `${port}.example`)).toMatchObject({ rcode: 'NOERROR', answers: [{ address: '192.0.2.1' }] })
  })
})

describe('forwarder', () => {
  it('asks few times for what many want at once, whatever way they say that it has come (RFC 5452, section 5)', async () => {
    await using upstream = await scriptedUpstream(() => [])
    const forwarder = new Forwarder([upstream], { deadlineMs: 300 })
    const asked = (trail: Trail) => {
      const length = [trail.length >> 8, trail.length & 0xff]
      const options = Buffer.concat([Buffer.from([0xff, 0x21, ...length]), trail])
      return forwarder.forward(new Query(queryMessage({ name: 'wanted.example', edns: { options } }), source, false))
    }
    // Up to five that passed it on are believed; each of these trails is another one.
    const trails = Array.from({ length: 1000 }, (_, index) => randomBytes(8 * (index % 6)))
    const answers = await Promise.all(trails.map(asked))
    expect(answers.every((answer) => answer?.rcode === 2)).toBe(true)
    expect(forwarder.counters).toMatchObject({ looped: 0, failed: 6, joined: 994, overloaded: 0 })
    // That it failed is known of all of them for a second (RFC 9520, section 3.2).
    upstream.asked.length = 0
    for (const trail of trails.slice(0, 12)) expect((await asked(trail))?.rcode).toBe(2)
    expect(forwarder.counters).toMatchObject({ failed: 6, joined: 994 })
    expect(upstream.asked).toEqual([])
    // More are a loop at once, and nobody else's question is any worse for it.
    for (const identities of [6, 1000]) expect(await asked(randomBytes(8 * identities))).toMatchObject({ rcode: 2 })
    expect(forwarder.counters).toMatchObject({ looped: 2 })
    forwarder.close()
  })

  it('knows a question of its own that came back without its option by the case of its letters', async () => {
    // As an upstream that forwards to us would: our question, with an id and an OPT record of its own.
    await using upstream = await scriptedUpstream(() => [])
    const looping = new Forwarder([upstream], { deadlineMs: 60_000 })
    await using server = await serve(loadedTable(), looping)
    upstream.follow((query) => {
      void askUdp(server.port, queryMessage({ name: query.subarray(12, query.indexOf(0, 12) + 1), edns: {} })).then((reply) =>
        upstream.send(upstreamReply(query, { flags: 0x8100 | ((reply?.[3] ?? 0) & 15) }), upstream.asked.at(-1)?.port as number),
      )
      return []
    })
    const query = queryMessage({ name: 'a-name-with-enough-letters.example', edns: {} })
    expect(read((await askUdp(server.port, query)) as Buffer).rcode).toBe('SERVFAIL')
    expect(looping.counters).toMatchObject({ looped: 1, joined: 0 })
  })
})
