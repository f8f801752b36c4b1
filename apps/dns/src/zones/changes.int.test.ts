import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askUdp } from '../testing/ask.ts'
import { queryMessage, read } from '../testing/messages.ts'
import { ScriptedControl } from '../testing/scripted-control.ts'
import { domain, entry, snapshot } from '../testing/tables.ts'
import { rrType } from '../wire/protocol.ts'

const dig = ['/usr/bin/dig', '/usr/local/bin/dig'].find((path) => existsSync(path))
const rounds = 30

describe('the resolver as a process that follows control', () => {
  let home: string
  let control: ScriptedControl
  let child: ChildProcess
  let port: number

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'standin-names-'))
    control = await ScriptedControl.start(home, snapshot(entry(1001), entry(1002), entry(1004, 'stopped')))
    const main = join(import.meta.dirname, '../main.ts')
    child = spawn(process.execPath, [main, '--home', home, '--upstream', 'none', '--dns', '127.0.0.1:0', '--ttl', '7s'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')
    port = Number(JSON.parse(line).dns.split(':').at(-1))
    await until(async () => (await ask(`web.1001.${domain}`)).rcode === 'NOERROR')
  }, 60_000)

  afterAll(async () => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    await control.stop()
    await rm(home, { recursive: true, force: true })
  })

  const ask = async (name: string, type: number = rrType.A) => read((await askUdp(port, queryMessage({ name, type, edns: {} }))) as Buffer)
  const address = async (name: string) => ((await ask(name)).answers[0] as { address?: string } | undefined)?.address

  it('answers a new, changed or deleted host at once, and gives no kept answer after it (RFC 1035, section 3.2.1; RFC 2308, section 5)', {
    timeout: 30_000,
  }, async () => {
    const name = `web.1003.${domain}`
    expect((await ask(name)).rcode).toBe('NXDOMAIN')
    const took: number[] = []
    for (let round = 1; round <= rounds; round++) {
      const at = `127.64.200.${round}`
      const from = performance.now()
      control.put({ ...entry(1003), revision: 100 + round, records: [{ name, addresses: [at], ptr: true }] })
      await until(async () => (await address(name)) === at)
      took.push(performance.now() - from)
      // Asked often, so the reply is kept; it is the new one every time.
      for (let again = 0; again < 5; again++) expect(await address(name)).toBe(at)
    }
    took.sort((a, b) => a - b)
    // The aim is 50 ms; what is guarded is the order of magnitude.
    expect(took[rounds / 2]).toBeLessThan(500)
    control.remove(1003)
    await until(async () => (await ask(name)).rcode === 'NXDOMAIN')
  })

  it('lets an answer be kept as long as it is told, and not at all while the environment changes (RFC 1035, section 3.2.1: TTL)', async () => {
    expect((await ask(`web.1002.${domain}`)).answers[0]?.ttl).toBe(7)
    control.put({ ...entry(1002, 'stopping'), revision: 200 })
    await until(async () => (await ask(`web.1002.${domain}`)).answers[0]?.ttl === 0)
    control.put({ ...entry(1002), revision: 201 })
    await until(async () => (await ask(`web.1002.${domain}`)).answers[0]?.ttl === 7)
  })

  it.skipIf(dig === undefined)('is understood by dig: wildcard, SRV, TXT, PTR, and why there is no address', async () => {
    const run = async (...args: string[]) => (await promisify(execFile)(dig as string, ['@127.0.0.1', '-p', String(port), ...args])).stdout
    expect(await run('+short', `typo.${domain}`)).toBe('127.0.0.1\n')
    expect(await run('+short', `www-1999.${domain}`)).toBe('127.0.0.1\n')
    expect(await run(`x.www-1001.${domain}`)).toMatch(/status: NXDOMAIN[\s\S]*SOA/)
    expect(await run(`web.1999.${domain}`)).toMatch(/status: NXDOMAIN[\s\S]*environment 1999 was deleted/)
    expect(await run('+short', `_www._tcp.1001.${domain}`, 'SRV')).toBe(`0 0 8080 www-1001.${domain}.\n`)
    expect(await run('+short', `1001.${domain}`, 'TXT')).toBe('"state=running" "owner=alice"\n')
    expect(await run('+short', '-x', '127.64.1.1')).toBe(`web-1.1001.${domain}.\n`)
    expect(await run('+short', '-x', 'fd00::1:3')).toBe(`db-1.1001.${domain}.\n`)
    expect(await run('-x', '10.1.2.3')).toMatch(/status: NXDOMAIN[\s\S]*10\.in-addr\.arpa\.\s+1\s+IN\s+SOA/)
    const stopped = await run(`web.1004.${domain}`)
    expect(stopped).toMatch(/status: NOERROR[\s\S]*ANSWER: 0, AUTHORITY: 1/)
    expect(stopped).toMatch(/EDE: 0 \(Other\): \(environment 1004 is stopped: this host has no address\)/)
    expect(await run('+noedns', `web.1004.${domain}`)).not.toContain('EDE')
    expect(await run('+short', domain, 'SOA')).toMatch(
      new RegExp(`^ns\\.${domain}\\. hostmaster\\.ns\\.${domain}\\. [0-9]+ 3600 600 86400 1\n$`),
    )
  })
})

/** The test's own time limit ends it. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 2))
}
