import { describe, expect, it } from 'vitest'
import { queryMessage, read, words } from '../testing/messages.ts'
import { addressRecord, scriptedUpstream, upstreamReply } from '../testing/scripted-upstream.ts'
import { domain, entry, loadedTable, source as loopback, resolverOf } from '../testing/tables.ts'
import { Forwarder } from '../upstream/forwarder.ts'
import { rrType } from '../wire/protocol.ts'
import { Source } from '../wire/source.ts'

const code = 65_053
const empty = words(code, 0)
const table = loadedTable({ ...entry(1001), aliases: [`demo.${domain}`] })

/** Over the way of UDP, which has ready answers. */
async function ask(resolver: ReturnType<typeof resolverOf>, name: string, type: number = rrType.A, from = loopback, options = empty) {
  const message = queryMessage({ name, type, edns: { options } })
  const output = Buffer.alloc(1232)
  const outcome = resolver.replyTo(message, 0, message.length, from, output, 0)
  const reply = typeof outcome === 'number' ? output.subarray(0, outcome) : ((await outcome) as Buffer)
  return { ...read(reply), rule: ruleIn(reply) }
}

function ruleIn(reply: Buffer): { rule: string; detail?: string; ms: number } | undefined {
  const at = reply.indexOf(words(code))
  if (at < 0) return undefined
  return JSON.parse(reply.toString('utf8', at + 4, at + 4 + reply.readUInt16BE(at + 2)))
}

describe('the option that tells the rule (RFC 6891, section 9)', () => {
  it.each([
    [`www-1001.${domain}`, rrType.A, 'own-zone', 'a service of environment 1001 (running, of alice): the gateway'],
    [`web-1.1001.${domain}`, rrType.A, 'own-zone', 'a host of environment 1001 (running, of alice)'],
    [`1001.${domain}`, rrType.TXT, 'own-zone', 'environment 1001 (running, of alice) itself'],
    [`nope.1001.${domain}`, rrType.A, 'own-zone', 'no host or service of environment 1001 (running, of alice)'],
    [`ns.${domain}`, rrType.A, 'own-zone', 'the name of this name server'],
    [`whatever.${domain}`, rrType.A, 'own-zone', `*.${domain}: the gateway`],
    [`nope-1001.${domain}`, rrType.A, 'own-zone', `*.${domain}: the gateway`],
    [`x.www-1001.${domain}`, rrType.A, 'own-zone', `nothing is below www-1001.${domain}`],
    [`1999.${domain}`, rrType.A, 'own-zone', 'numbers are kept for environments, and there is no 1999'],
    [`_www._tcp.1001.${domain}`, rrType.SRV, 'own-zone', 'a service of environment 1001 (running, of alice)'],
    [domain, rrType.SOA, 'own-zone', `the beginning of the zone ${domain}`],
    [`demo.${domain}`, rrType.A, 'alias', `demo.${domain} was given to environment 1001: the gateway`],
    ['1.1.64.127.in-addr.arpa', rrType.PTR, 'reverse-zone', undefined],
    ['localhost', rrType.A, 'localhost', undefined],
    ['example.com', rrType.A, 'nobody', undefined],
    ['example.com', rrType.AXFR, 'type', undefined],
  ])('says of %s %i: %s, %s', async (name, type, rule, detail) => {
    expect((await ask(resolverOf(table), name, type)).rule).toEqual({
      rule,
      ...(detail === undefined ? {} : { detail }),
      ms: expect.any(Number),
    })
  })

  it('tells cache from upstream, and one whose time is over', async () => {
    await using upstream = await scriptedUpstream((query) => [upstreamReply(query, { answers: [addressRecord(1, 2)] })])
    const forwarder = new Forwarder([upstream], { deadlineMs: 1500 })
    const resolver = resolverOf(table, forwarder)
    expect((await ask(resolver, 'example.com')).rule).toMatchObject({ rule: 'forward', detail: `upstream 127.0.0.1:${upstream.port}` })
    expect((await ask(resolver, 'example.com')).rule).toMatchObject({ rule: 'forward', detail: 'the cache' })
    upstream.follow(() => [])
    await new Promise((resolve) => setTimeout(resolve, 2050))
    expect((await ask(resolver, 'example.com')).rule).toMatchObject({ detail: 'the cache, out of date: no upstream can be reached' })
    forwarder.close()
  })

  it('gives the answer that all get, and keeps none that has it', async () => {
    const resolver = resolverOf(table)
    const name = `web-1.1001.${domain}`
    const plain = await ask(resolver, name, rrType.A, loopback, Buffer.alloc(0))
    for (let round = 0; round < 4; round++) {
      const told = await ask(resolver, name)
      expect(told.rule).toBeDefined()
      expect({ ...told, rule: undefined, opts: [] }).toEqual({ ...plain, rule: undefined, opts: [] })
      expect((await ask(resolver, name, rrType.A, loopback, Buffer.alloc(0))).rule).toBeUndefined()
    }
  })

  it('is for askers on this machine, and for who asks with it', async () => {
    const elsewhere = new Source().set('10.1.2.3', 5353)
    const name = `web-1.1001.${domain}`
    expect((await ask(resolverOf(table), name, rrType.A, elsewhere)).rule).toBeUndefined()
    expect((await ask(resolverOf(table), name, rrType.A, loopback, words(code + 1, 0))).rule).toBeUndefined()
    expect((await ask(resolverOf(table), name, rrType.A, new Source().set('::1', 5353))).rule).toBeDefined()
  })
})
