import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askUdp } from '../testing/ask.ts'
import { type Ask, queryMessage, read } from '../testing/messages.ts'
import { resolverProcess, until } from '../testing/resolver-process.ts'
import { ScriptedControl } from '../testing/scripted-control.ts'
import { addressRecord, scriptedUpstream, upstreamReply } from '../testing/scripted-upstream.ts'
import { domain, entry, snapshot } from '../testing/tables.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'standin-dns-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const ask = async (port: number, question: Ask) => read((await askUdp(port, queryMessage(question))) as Buffer)
const addressOf = async (port: number, name: string) =>
  ((await ask(port, { name })).answers[0] as { address?: string } | undefined)?.address

describe('the admin listener of a resolver', { timeout: 60_000 }, () => {
  it('tells when there is a table, what is in it, and what was asked', async () => {
    await using upstream = await scriptedUpstream((query) => [upstreamReply(query, { answers: [addressRecord(7)] })])
    await using resolver = await resolverProcess('--home', home, '--upstream', `127.0.0.1:${upstream.port}`)
    expect((await resolver.get('/healthz')).status).toBe(200)
    expect(await resolver.get('/readyz')).toMatchObject({ status: 503, text: expect.stringContaining('no table of records yet') })
    expect((await resolver.get('/metrics')).text).toContain('standin_dns_following 0')
    const control = await ScriptedControl.start(home, snapshot(entry(1001)))
    await until(async () => (await resolver.get('/readyz')).status === 200)
    expect(await addressOf(resolver.port, 'example.com')).toBe('192.0.2.7')
    expect(await addressOf(resolver.port, 'example.com')).toBe('192.0.2.7')
    expect(await addressOf(resolver.port, `web-1.1001.${domain}`)).toBe('127.64.1.1')

    // More than once where a process stood still for longer than a reply takes; each reply counts.
    const replies = () => `standin_dns_upstream_duration_seconds_count{upstream="127.0.0.1:${upstream.port}"} ${upstream.asked.length}\n`
    await until(async () => (await resolver.get('/metrics')).text.includes(replies()))
    const { text } = await resolver.get('/metrics')
    for (const line of [
      'standin_dns_queries_total{type="A",transport="udp"} 3',
      'standin_dns_cache_misses_total 1',
      'standin_dns_following 1',
      'standin_dns_table_revision 7',
      'standin_dns_environments 1',
      `standin_dns_upstream_queries_total{upstream="127.0.0.1:${upstream.port}"} ${upstream.asked.length}`,
    ])
      expect(text.split('\n')).toContain(line)
    const table = JSON.parse((await resolver.get('/records')).text)
    const times = upstream.asked.length
    expect(table).toMatchObject({
      ...{ isFollowing: true, revision: 7, reason: null, domain, file: null },
      upstreams: [{ upstream: `127.0.0.1:${upstream.port}`, state: 'healthy', asked: times, answered: times }],
      environments: [{ environment: 1001, state: 'running', owner: 'alice', services: ['www', 'my-api'], names: 6 }],
    })
    expect(JSON.parse((await resolver.get('/records?environment=1001')).text).records).toHaveLength(6)
    expect((await resolver.get('/records?environment=1002')).status).toBe(404)
    expect((await resolver.get('/records?environment=x')).status).toBe(400)
    expect(await resolver.get('/nope')).toMatchObject({ status: 404, text: expect.stringContaining('/records') })
    await control.stop()
    await until(async () => (await resolver.get('/metrics')).text.includes('standin_dns_following 0'))
    expect((await resolver.get('/readyz')).status).toBe(200)
    expect(await resolver.end()).toBe(0)
  })

  it('asks for a token where the address can be reached from elsewhere', async () => {
    await using refused = await resolverProcess('--home', home, '--admin', '0.0.0.0:0')
    expect(refused.line.error).toMatchObject({ code: 'invalid', detail: expect.stringContaining('--admin-token-file') })
    await writeFile(join(home, 'token'), 'a-secret\n')
    await using resolver = await resolverProcess('--home', home, '--upstream', 'none', '--admin-token-file', join(home, 'token'))
    expect((await resolver.get('/healthz')).status).toBe(200)
    expect((await resolver.get('/records')).status).toBe(401)
    const authorization = { headers: { authorization: 'Bearer a-secret' } }
    expect((await fetch(`${resolver.line.admin}/records`, authorization)).status).toBe(200)
  })
})

describe('SIGHUP', { timeout: 60_000 }, () => {
  it("reads dnsmasq's file again, log-queries too; one with a fault changes nothing", async () => {
    const file = join(home, 'dnsmasq.conf')
    await writeFile(file, 'no-hosts\nno-resolv\naddress=/d.test/192.0.2.1\n')
    await using resolver = await resolverProcess('--home', home, '--conf-file', file)
    expect(await addressOf(resolver.port, 'x.d.test')).toBe('192.0.2.1')
    expect(JSON.parse((await resolver.get('/records')).text)).toMatchObject({ file, environments: [] })

    await writeFile(file, 'no-hosts\nno-resolv\nlog-queries\naddress=/d.test/192.0.2.2\n')
    resolver.child.kill('SIGHUP')
    await until(async () => (await addressOf(resolver.port, 'x.d.test')) === '192.0.2.2')
    await until(() => resolver.log().some(({ msg, name }) => msg === 'query' && name === 'x.d.test'))
    expect(resolver.log().find(({ msg }) => msg === 'query')).toMatchObject({ client: '127.0.0.1', rule: 'file', rcode: 'NOERROR' })

    await writeFile(file, 'adress=/d.test/192.0.2.3\n')
    resolver.child.kill('SIGHUP')
    const faults = () => resolver.log().filter(({ msg }) => String(msg).includes('everything stays as it was'))
    await until(() => faults().length > 0)
    expect(await addressOf(resolver.port, 'x.d.test')).toBe('192.0.2.2')
    // One line that says it, and no trace of where in the program it was found.
    const fault = `${file}:1: adress: there is no such option: did you mean address?`
    expect(faults()).toEqual([
      { level: 50, time: expect.any(Number), faults: [fault], msg: `the configuration has a fault, everything stays as it was: ${fault}` },
    ])
  })

  it('has the file beside the names of environments where control is followed as well', async () => {
    const file = join(home, 'dnsmasq.conf')
    await writeFile(file, 'no-hosts\nno-resolv\naddress=/d.test/192.0.2.1\n')
    const control = await ScriptedControl.start(home, snapshot(entry(1001)))
    await using resolver = await resolverProcess('--home', home, '--conf-file', file, '--control', 'auto', '--ttl', '42s')
    await until(async () => (await addressOf(resolver.port, `web-1.1001.${domain}`)) === '127.64.1.1')
    expect((await ask(resolver.port, { name: `web-1.1001.${domain}` })).answers[0]).toMatchObject({ ttl: 42 })
    expect(await addressOf(resolver.port, 'x.d.test')).toBe('192.0.2.1')
    await control.stop()
  })
})
