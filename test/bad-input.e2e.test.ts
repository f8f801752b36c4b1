import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Environment, Problem } from '@standin/client'
import { cli, eventually, leftovers, Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const shop = resolve(import.meta.dirname, '../examples/shop')

describe('bad input', { timeout: 180_000 }, () => {
  let platform: Platform
  const scratch = mkdtempSync(join(tmpdir(), 'standin-bad-'))
  beforeAll(async () => {
    platform = await Platform.boot()
    await platform.json('template', 'build', shop)
  }, 120_000)
  afterAll(async () => {
    await platform?.stop()
    rmSync(scratch, { recursive: true, force: true })
  }, 120_000)

  /** The shop, changed in one place. */
  function changed(name: string, file: string, from: string | RegExp, to: string): string {
    const directory = join(scratch, name)
    cpSync(shop, directory, { recursive: true })
    const text = readFileSync(join(directory, file), 'utf8')
    const edited = text.replace(from, to)
    expect(edited).not.toBe(text)
    writeFileSync(join(directory, file), edited)
    return directory
  }

  const nothingLeft = () =>
    eventually(async () => {
      const { body } = await platform.api<{ items: Environment[] }>('GET', '/v1/environments')
      const left = leftovers(platform.home)
      return body.items.length + left.processes.length + left.environments.length === 0 || undefined
    }, 20_000)

  it('an unknown template is named, with what to do', async () => {
    const { code, stderr } = await platform.cli('up', 'shpo')
    expect(code).toBe(4)
    expect(stderr).toContain('shpo')
    expect(stderr).toMatch(/next: .*shop/)
    await nothingLeft()
  })

  it('an unknown version too', async () => {
    const { code, stderr } = await platform.cli('up', 'shop@99')
    expect(code).toBe(4)
    expect(stderr).toContain('shop@99')
  })

  it('a broken Compose file shows every fault with its place', async () => {
    const directory = join(scratch, 'broken')
    mkdirSync(directory)
    const text = 'services:\n  web:\n    build: .\n    comand: node x\n    depends_on: [db]\n    ports: ["eighty"]\n'
    writeFileSync(join(directory, 'compose.yaml'), text)
    const { code, stderr } = await platform.cli('template', 'build', directory)
    expect(code).toBe(2)
    expect(stderr).toMatch(/compose\.yaml:4:\d+.*comand.*command/)
    expect(stderr).toMatch(/compose\.yaml:5:\d+.*db/)
    expect(stderr).toMatch(/compose\.yaml:6:\d+.*eighty/)
    await nothingLeft()
  })

  it('a fixture file with bad rows shows each of them', async () => {
    const directory = changed(
      'rows',
      'fixtures/customers.csv',
      /^(101,.*)@customers.example,(.*)$/m,
      '$1-at-nowhere,$2\n100,Twice,twice@customers.example,free',
    )
    const { code, stderr } = await platform.cli('template', 'build', directory)
    expect(code).toBe(2)
    expect(stderr).toMatch(/customers\.csv:3:\d+.*email/)
    expect(stderr).toMatch(/customers\.csv:4:\d+.*100/)
    await nothingLeft()
  })

  it('a failed phase names phase, host and the last lines', async () => {
    const directory = changed('phase', 'api/drive.mjs', /^/, "console.log('about to fail')\nprocess.exit(3)\n")
    const { code, stderr } = await platform.cli('template', 'build', directory)
    expect(code).toBe(6)
    for (const part of ['configure', 'first orders', 'api', 'about to fail', '3']) expect(stderr).toContain(part)
    await nothingLeft()
    const { body } = await platform.api<{ items: unknown[] }>('GET', '/v1/templates?name=shop')
    expect(body.items).toHaveLength(1)
  })

  it('a failed check keeps the template from being made', async () => {
    const directory = changed('check', 'compose.yaml', 'contains: Orders', 'contains: Bestellungen')
    const { code, stderr } = await platform.cli('template', 'build', directory)
    expect(code).toBe(6)
    expect(stderr).toContain('the shop answers')
    await nothingLeft()
  })

  it('a health check that never passes is named, with what the host said', async () => {
    const directory = changed('health', 'compose.yaml', 'path: /health }\n      interval: 5s', 'path: /helth }\n      interval: 2s')
    const { code, stderr } = await platform.cli('template', 'build', directory)
    expect(code).toBe(6)
    expect(stderr).toContain('api-1')
    expect(stderr).toContain('/helth')
    await nothingLeft()
  })

  it('a host that listens on every address is told not to', async () => {
    const directory = changed('everywhere', 'compose.yaml', /LISTEN: \$\{STANDIN_ADDRESS\}:8080(?=\s+DATA_DIR)/, 'LISTEN: 0.0.0.0:18099')
    const file = join(directory, 'compose.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('- 8080', '- 18099').replace('port: 8080,', 'port: 18099,'))
    const { code, stderr } = await platform.cli('template', 'build', directory)
    expect(code).toBe(6)
    expect(stderr).toContain('api-1 listens on 0.0.0.0:18099')
    expect(stderr).toContain('$STANDIN_ADDRESS')
    await nothingLeft()
  })

  it('a launch step that fails keeps the clone from ever serving', async () => {
    const directory = changed('launch', 'compose.yaml', 'run: node neutralise.mjs', 'run: "echo no neutralising today; exit 4"')
    await platform.json('template', 'build', directory, '--name', 'unsafe')
    const { code, stderr } = await platform.cli('up', 'unsafe', '--name', 'unsafe')
    expect(code).toBe(6)
    expect(stderr).toContain('no neutralising today')
    const shown = await platform.json<Environment>('show', 'unsafe')
    expect(shown.state).toBe('failed')
    expect(shown.services.flatMap(({ endpoints }) => endpoints)).toEqual([])
    expect((await platform.ask(`www-${shown.id}.test-envs.localhost`)).status).toBe(503)
    expect(leftovers(platform.home).processes.filter((each) => each.includes('server.mjs'))).toEqual([])
    await platform.json('delete', 'unsafe', '--purge', '--yes')
    await nothingLeft()
  })

  it('a token without the scope is told which it needs', async () => {
    const { token } = await platform.json<{ token: string }>('token', 'create', 'looker', '--scope', 'read')
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: platform.home,
      STANDIN_URL: platform.running.api,
      STANDIN_TOKEN: token,
      NO_COLOR: '1',
    }
    expect((await cli(['list'], env)).code).toBe(0)
    const { code, stderr } = await cli(['up', 'shop'], env)
    expect(code).toBe(3)
    expect(stderr).toContain('write')
    expect(stderr).not.toContain(token)
    await nothingLeft()
  })

  it('no platform: says how to start one', async () => {
    const { code, stderr } = await cli(['list'], { PATH: process.env.PATH ?? '', HOME: scratch, STANDIN_HOME: join(scratch, 'nobody') })
    expect(code).toBe(9)
    expect(stderr).toContain('standin start')
  })

  it('a port already taken names the address and the flag', async () => {
    const squatter = createServer()
    await new Promise<void>((done) => squatter.listen(0, '127.0.0.1', done))
    const { port } = squatter.address() as { port: number }
    const home = join(scratch, 'taken')
    try {
      for (const flag of ['--api', '--http', '--https', '--dns']) {
        const flags = ['--api', '--http', '--https', '--dns'].flatMap((each) => [each, `127.0.0.1:${each === flag ? port : 0}`])
        const { code, stderr } = await cli(['start', ...flags], { PATH: process.env.PATH ?? '', HOME: home, STANDIN_HOME: home })
        expect(code).toBe(8)
        expect(stderr).toContain(`127.0.0.1:${port}`)
        expect(stderr).toContain(flag)
      }
    } finally {
      squatter.close()
    }
    expect(leftovers(home).processes).toEqual([])
  })

  it('a second platform in the same home is refused', async () => {
    const env = { PATH: process.env.PATH ?? '', HOME: platform.home, STANDIN_HOME: platform.home }
    const { code, stderr } = await cli(['start', '--api', '127.0.0.1:0', '--http', '127.0.0.1:0', '--dns', '127.0.0.1:0'], env)
    expect(code).toBe(8)
    expect(stderr).toContain(String(platform.pids().start))
  })

  it('an endpoint that leads to control is refused', async () => {
    const api = new URL(platform.running.api)
    const { status, body } = await platform.api<Problem>('POST', '/v1/environments', {
      name: 'sneaky',
      provider: 'attach',
      services: [{ name: 'www', endpoints: [api.host] }],
    })
    expect([status, body.code]).toEqual([422, 'endpoint_refused'])
  })
})

// Mounting a small file system of its own needs root.
describe.skipIf(process.getuid?.() !== 0)('a full disk', { timeout: 240_000 }, () => {
  it('gives one clear error, and all goes on once there is room', async () => {
    const home = mkdtempSync(join(tmpdir(), 'standin-full-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', home])
    try {
      const platform = await Platform.boot({ home })
      try {
        await platform.json('template', 'build', shop)
        const filler = join(home, 'filler')
        execFileSync('sh', ['-c', `head -c 64m /dev/zero > '${filler}' || true`], { stdio: 'ignore' })
        const { code, stderr } = await platform.cli('up', 'shop')
        expect(code).not.toBe(0)
        expect(stderr).toMatch(/disk is full|no space/i)
        rmSync(filler)
        const { body } = await platform.api<{ items: Environment[] }>('GET', '/v1/environments')
        for (const { id } of body.items) await platform.cli('delete', String(id), '--purge', '--yes')
        await eventually(() => (leftovers(home).processes.length + leftovers(home).environments.length === 0 ? true : undefined), 20_000)
        expect((await platform.json<Environment>('up', 'shop')).state).toBe('running')
        await platform.deleteAll()
      } finally {
        await platform.stop({ keepHome: true })
      }
    } finally {
      execFileSync('umount', ['-l', home])
      rmSync(home, { recursive: true })
    }
  })
})
