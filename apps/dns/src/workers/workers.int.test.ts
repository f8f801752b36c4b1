import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askTcp, askUdp } from '../testing/ask.ts'
import { queryMessage, read } from '../testing/messages.ts'
import { type ResolverProcess, resolverProcess, until } from '../testing/resolver-process.ts'
import { ScriptedControl } from '../testing/scripted-control.ts'
import { domain, entry, snapshot } from '../testing/tables.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'standin-dns-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const workersOf = ({ child: { pid } }: ResolverProcess): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

const isAlive = (pid: number): boolean => {
  try {
    // A zombie is nobody.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

const isReady = async (resolver: ResolverProcess) => (await resolver.get('/readyz')).status === 200

/** What many askers get, each from a port of its own, so that all workers have some; over UDP, and a few over TCP. */
async function answers(port: number, name: string, count = 40): Promise<Set<string>> {
  const message = queryMessage({ name })
  const overUdp = Array.from({ length: count }, () => askUdp(port, message))
  const overTcp = Array.from({ length: 4 }, async () => (await askTcp(port, [message]))[0])
  const replies = await Promise.all([...overUdp, ...overTcp])
  return new Set(
    replies.map((reply) => {
      if (reply === undefined) return 'nothing'
      const { rcode, answers: records } = read(reply)
      return (records[0] as { address?: string } | undefined)?.address ?? rcode
    }),
  )
}

describe.skipIf(process.platform !== 'linux')('A resolver of several processes', { timeout: 120_000 }, () => {
  const start = async () => {
    const control = await ScriptedControl.start(home, snapshot(entry(1001)))
    const resolver = await resolverProcess('--home', home, '--upstream', 'none', '--workers', '2')
    await until(() => isReady(resolver))
    return { control, resolver }
  }

  it('follows one table with all of them, and adds up their numbers', async () => {
    const { control, resolver } = await start()
    await using _ = resolver
    expect(workersOf(resolver)).toHaveLength(2)
    expect(await answers(resolver.port, `web-1.1001.${domain}`)).toEqual(new Set(['127.64.1.1']))
    control.put(entry(1002))
    let seen = new Set<string>()
    while (seen.size !== 1 || !seen.has('127.64.2.1')) seen = await answers(resolver.port, `web-1.1002.${domain}`, 20)
    control.remove(1001)
    seen = new Set()
    while (seen.size !== 1 || !seen.has('NXDOMAIN')) seen = await answers(resolver.port, `web-1.1001.${domain}`, 20)
    // The serial follows the revision of the table, whichever process answers.
    const soa = await Promise.all(Array.from({ length: 10 }, () => askUdp(resolver.port, queryMessage({ name: domain, type: 6 }))))
    expect(new Set(soa.map((reply) => (read(reply as Buffer).answers[0] as { serial?: number }).serial)).size).toBe(1)

    const { text } = await resolver.get('/metrics')
    const figure = (start: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(start))
          ?.split(' ')
          .at(-1),
      )
    expect(figure('standin_dns_queries_total{type="A",transport="udp"}')).toBeGreaterThanOrEqual(80)
    expect(figure('standin_dns_queries_total{type="A",transport="tcp"}')).toBeGreaterThanOrEqual(12)
    expect(figure('standin_dns_environments')).toBe(1)
    expect(figure('standin_dns_worker_cpu_seconds_total{worker="2"}')).toBeGreaterThan(0)
    expect(JSON.parse((await resolver.get('/records')).text).environments).toMatchObject([{ environment: 1002 }])
    const workers = workersOf(resolver)
    expect(await resolver.end()).toBe(0)
    expect(workers.some(isAlive)).toBe(false)
    await control.stop()
  })

  it('goes on answering when one is killed, and has another one soon', async () => {
    const { control, resolver } = await start()
    await using _ = resolver
    const before = workersOf(resolver)
    process.kill(before[0] as number, 'SIGKILL')
    control.put(entry(1003))
    await until(
      async () => workersOf(resolver).length === 2 && !workersOf(resolver).includes(before[0] as number) && (await isReady(resolver)),
    )
    expect(await answers(resolver.port, `web-1.1003.${domain}`)).toEqual(new Set(['127.64.3.1']))
    await until(() => resolver.log().some(({ msg }) => msg === 'the worker is back'))
    await control.stop()
  })

  it('ends its workers when the first process is killed', async () => {
    const { control, resolver } = await start()
    const workers = workersOf(resolver)
    await resolver.end('SIGKILL')
    await until(() => !workers.some(isAlive))
    await control.stop()
  })

  it('does not start where its port is taken, or a file has a fault; a reload reaches all', async () => {
    const file = join(home, 'dnsmasq.conf')
    await writeFile(file, 'no-hosts\nno-resolv\naddress=/d.test/192.0.2.1\n')
    const flags = ['--home', home, '--conf-file', file, '--workers', '2']
    await using resolver = await resolverProcess(...flags)
    await using second = await resolverProcess(...flags, '--dns', resolver.line.dns)
    expect(second.line.error).toMatchObject({ code: 'port_taken' })
    expect(await answers(resolver.port, 'x.d.test')).toEqual(new Set(['192.0.2.1']))
    await writeFile(file, 'no-hosts\nno-resolv\naddress=/d.test/192.0.2.2\n')
    resolver.child.kill('SIGHUP')
    let seen = new Set<string>()
    while (seen.size !== 1 || !seen.has('192.0.2.2')) seen = await answers(resolver.port, 'x.d.test', 20)
    await writeFile(file, 'nonsense\n')
    resolver.child.kill('SIGHUP')
    await until(() => resolver.log().some(({ msg }) => String(msg).includes('everything stays as it was')))
    expect(await answers(resolver.port, 'x.d.test')).toEqual(new Set(['192.0.2.2']))
    await using third = await resolverProcess(...flags)
    expect(third.line.error).toMatchObject({ code: 'invalid', detail: expect.stringContaining(`${file}:1: nonsense`) })
  })
})
