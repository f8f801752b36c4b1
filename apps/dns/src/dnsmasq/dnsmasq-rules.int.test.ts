import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askUdp } from '../testing/ask.ts'
import { queryMessage } from '../testing/messages.ts'
import { numberedUpstream } from './testing/numbered-upstream.ts'
import { plainReply } from './testing/plain-reply.ts'
import { serveFile } from './testing/serve-file.ts'

let folder: string
let file: string
const at = (name: string) => join(folder, name)
const write = (name: string, text: string) => writeFileSync(at(name), text.replaceAll('DIR', folder))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'standin-dnsmasq-'))
  file = at('dnsmasq.conf')
})
afterEach(() => rmSync(folder, { recursive: true }))

const nxdomain = 3

/** The first record's data, or the rcode. */
async function ask(port: number, name: string, type = 1): Promise<string | number> {
  const { rcode, answers } = plainReply((await askUdp(port, queryMessage({ name, type }))) as Buffer)
  return answers[0]?.split(' ')[3] ?? rcode
}

describe('files that the configuration names', () => {
  it('may become links that go round in a circle: then they say nothing, and count again when they are files', async () => {
    write('hosts', '10.0.0.1 a.l.test\n')
    write('resolv', 'nameserver 127.0.0.1\n')
    write('dnsmasq.conf', 'no-hosts\nlocal=/l.test/\naddn-hosts=DIR/hosts\nresolv-file=DIR/resolv\n')
    await using served = await serveFile(file)
    expect(await ask(served.port, 'a.l.test')).toBe('10.0.0.1')
    for (const name of ['hosts', 'resolv']) {
      unlinkSync(at(name))
      symlinkSync(at(name), at(name))
    }
    await expect.poll(() => ask(served.port, 'a.l.test')).toBe(nxdomain)
    expect(served.notices).toContainEqual(expect.stringMatching(/hosts.*can not be read/))
    unlinkSync(at('hosts'))
    write('hosts', '10.0.0.2 a.l.test\n')
    await expect.poll(() => ask(served.port, 'a.l.test')).toBe('10.0.0.2')
  })

  it('say nothing of localhost by domain-needed: it is this machine, and nobody is asked for it (RFC 6761, section 6.3)', async () => {
    write('dnsmasq.conf', 'no-hosts\nno-resolv\ndomain-needed\nbogus-priv\n')
    await using served = await serveFile(file)
    expect(await ask(served.port, 'localhost')).toBe('127.0.0.1')
    expect(await ask(served.port, 'short')).toBe(nxdomain)
    expect(await ask(served.port, '1.0.0.10.in-addr.arpa', 12)).toBe(nxdomain)
  })

  it('may hold more leases than a call has room for arguments', { timeout: 60_000 }, async () => {
    write('leases', '4102444800 00:00:00:00:00:01 10.0.0.7 h *\n'.repeat(150_000))
    write('dnsmasq.conf', 'no-resolv\nno-hosts\ndhcp-range=10.0.0.1,10.9.0.1\ndhcp-leasefile=DIR/leases\n')
    await using served = await serveFile(file)
    expect(await ask(served.port, 'h')).toBe('10.0.0.7')
  })

  it.each([
    ['written in place', () => write('hosts', '10.0.0.2 a.l.test\n')],
    [
      'replaced by a rename',
      () => {
        write('new', '10.0.0.2 a.l.test\n')
        renameSync(at('new'), at('hosts'))
      },
    ],
    [
      'removed and made again as a link',
      () => {
        unlinkSync(at('hosts'))
        mkdirSync(at('elsewhere'))
        write('elsewhere/hosts', '10.0.0.2 a.l.test\n')
        symlinkSync(at('elsewhere/hosts'), at('hosts'))
      },
    ],
  ])('count at once when they change: %s', async (_, change) => {
    write('hosts', '10.0.0.1 a.l.test\n')
    write('dnsmasq.conf', 'no-resolv\nno-hosts\nlocal=/l.test/\naddn-hosts=DIR/hosts\n')
    await using served = await serveFile(file)
    // Twice, so that it is a kept answer that has to go.
    for (let times = 0; times < 3; times++) expect(await ask(served.port, 'a.l.test')).toBe('10.0.0.1')
    change()
    await expect.poll(() => ask(served.port, 'a.l.test')).toBe('10.0.0.2')
    expect(await ask(served.port, '2.0.0.10.in-addr.arpa', 12)).toBe('a.l.test.')
  })

  it('may come later, a file in a folder too', async () => {
    mkdirSync(at('more'))
    write('dnsmasq.conf', 'no-resolv\nno-hosts\nlocal=/l.test/\nhostsdir=DIR/more\naddn-hosts=DIR/later\n')
    await using served = await serveFile(file)
    expect(await ask(served.port, 'a.l.test')).toBe(3)
    write('more/one', '10.0.0.1 a.l.test\n')
    await expect.poll(() => ask(served.port, 'a.l.test')).toBe('10.0.0.1')
    write('later', '10.0.0.2 b.l.test\n')
    await expect.poll(() => ask(served.port, 'b.l.test')).toBe('10.0.0.2')
    unlinkSync(at('more/one'))
    await expect.poll(() => ask(served.port, 'a.l.test')).toBe(3)
    expect(served.notices).toEqual([`${at('later')}: can not be read`])
  })

  it('are leases and fixed addresses as well; a lease ends when its time is over', async () => {
    write('dnsmasq.conf', 'no-resolv\nno-hosts\nlocal=/l.test/\ndomain=l.test\ndhcp-leasefile=DIR/leases\ndhcp-hostsfile=DIR/fixed\n')
    write('fixed', 'aa:bb:cc:dd:ee:01,printer,10.0.0.9\n')
    await using served = await serveFile(file)
    expect(await ask(served.port, 'printer.l.test')).toBe('10.0.0.9')
    const inTwoSeconds = Math.ceil(Date.now() / 1000) + 1
    write('leases', `${inTwoSeconds} aa:bb:cc:dd:ee:02 10.0.0.3 laptop *\n0 aa:bb:cc:dd:ee:03 10.0.0.4 printer *\n`)
    await expect.poll(() => ask(served.port, 'printer.l.test')).toBe('10.0.0.4')
    write('fixed', 'aa:bb:cc:dd:ee:01,scanner,10.0.0.10\n')
    await expect.poll(() => ask(served.port, 'scanner.l.test')).toBe('10.0.0.10')
    await expect.poll(() => ask(served.port, 'laptop.l.test')).toBe(3)
  })

  it('tell whom to ask: the servers of resolv-file', async () => {
    write('resolv.conf', 'nameserver 192.0.2.53\n')
    write('dnsmasq.conf', 'no-hosts\nresolv-file=DIR/resolv.conf\nserver=192.0.2.1\nserver=/up.test/192.0.2.2\nlocal=/l.test/\n')
    await using served = await serveFile(file)
    const servers = () => served.rules.current.upstreamsFor('\x01a\x04test\0', [0, 2])?.servers.map(({ address }) => address)
    expect(servers()).toEqual(['192.0.2.1', '192.0.2.53'])
    write('resolv.conf', 'nameserver 192.0.2.54\nnameserver 192.0.2.55\n')
    await expect.poll(servers).toEqual(['192.0.2.1', '192.0.2.54', '192.0.2.55'])
    expect(served.rules.current.upstreamsFor('\x02up\x04test\0', [0, 3])).toMatchObject({ label: 'up.test' })
    expect(served.rules.current.upstreamsFor('\x01l\x04test\0', [0, 2])).toBeUndefined()
  })
})

describe('the resolver as a process, with --conf-file', { timeout: 60_000 }, () => {
  let child: ChildProcess | undefined
  let log = ''
  afterEach(async () => {
    if (child === undefined || child.exitCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  })

  async function start(): Promise<{ readonly line: { readonly dns: string; readonly error?: object }; readonly port: number }> {
    const main = join(import.meta.dirname, '../main.ts')
    child = spawn(process.execPath, [main, '--home', at('home'), '--conf-file', file, '--listen', '127.0.0.1:0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk
    })
    const [text] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')
    const line = JSON.parse(text)
    return { line, port: Number(line.dns?.split(':').at(-1)) }
  }

  it('needs no control plane, and reads the file again on SIGHUP; one with a fault changes nothing', async () => {
    await using upstream = await numberedUpstream(1)
    const server = `server=127.0.0.1#${upstream.port}`
    write('dnsmasq.conf', `no-resolv\nno-hosts\n${server}\naddress=/d.test/10.0.0.1\n`)
    const { port } = await start()
    expect(await ask(port, 'x.d.test')).toBe('10.0.0.1')
    expect(await ask(port, 'other.test')).toBe('192.0.2.1')
    write('dnsmasq.conf', 'no-resolv\nnonsense\naddress=/d.test/10.0.0.2\n')
    child?.kill('SIGHUP')
    await expect.poll(() => log).toContain(`${file}:2: nonsense: there is no such option`)
    expect(await ask(port, 'x.d.test')).toBe('10.0.0.1')
    write('dnsmasq.conf', `no-resolv\nno-hosts\n${server}\naddress=/d.test/10.0.0.3\nlocal=/other.test/\n`)
    child?.kill('SIGHUP')
    await expect.poll(() => ask(port, 'x.d.test')).toBe('10.0.0.3')
    expect(await ask(port, 'other.test')).toBe(3)
  })

  it('ends with the faults of the file, each with its line', async () => {
    write('dnsmasq.conf', 'no-resolv\naddress=/d.test/10.0.0\nnonsense\n')
    const { line } = await start()
    expect(line.error).toMatchObject({
      code: 'invalid',
      detail: `${file}:2: address: "10.0.0" is no IP address (nor # for 0.0.0.0 and ::) (and 1 more)`,
      errors: [{ path: `${file}:2` }, { path: `${file}:3`, message: 'nonsense: there is no such option' }],
    })
  })
})

describe('a reload', () => {
  it('with a fault leaves everything as it was', async () => {
    write('dnsmasq.conf', 'no-resolv\nno-hosts\naddress=/d.test/10.0.0.1\n')
    await using served = await serveFile(file)
    write('dnsmasq.conf', 'no-resolv\nno-hosts\naddress=/d.test/10.0.0.2\nnonsense\n')
    expect(() => served.rules.reload()).toThrow('nonsense: there is no such option')
    expect(await ask(served.port, 'd.test')).toBe('10.0.0.1')
    write('dnsmasq.conf', 'no-resolv\nno-hosts\naddress=/d.test/10.0.0.2\n')
    served.rules.reload()
    expect(await ask(served.port, 'd.test')).toBe('10.0.0.2')
  })
})
