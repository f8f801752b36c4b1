import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { CreatedToken, Environment, Event } from '@standin/client'
import { cli, eventually, has, Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAlive } from './running-file.ts'

const bin = resolve(import.meta.dirname, '../../../bin/standin')

describe('a running platform', { timeout: 180_000 }, () => {
  let platform: Platform
  let backend: Server
  let endpoint: string
  const scratch = mkdtempSync(join(tmpdir(), 'standin-cli-'))

  beforeAll(async () => {
    backend = createServer((_, response) => response.end('legacy'))
    backend.listen(0, '127.0.0.1')
    await once(backend, 'listening')
    endpoint = `127.0.0.1:${(backend.address() as AddressInfo).port}`
    platform = await Platform.boot()
  }, 120_000)
  afterAll(async () => {
    await platform?.stop()
    backend.close()
    rmSync(scratch, { recursive: true, force: true })
  }, 120_000)

  const environment = () => ({ PATH: process.env.PATH ?? '', HOME: platform.home, STANDIN_HOME: platform.home, NO_COLOR: '1' })

  it('writes where it is for nobody else to read', () => {
    const path = join(platform.home, 'run', 'standin.json')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ ...platform.running, children: platform.running && expect.anything() })
    expect(Object.values(platform.pids()).every(isAlive)).toBe(true)
  })

  it('attaches, lists, shows, and prints a URL that answers', async () => {
    const attached = await platform.json<Environment>('attach', 'legacy', '--service', `www=${endpoint}`, '--label', 'team=old')
    expect(attached).toMatchObject({ name: 'legacy', state: 'running', labels: { team: 'old' } })
    expect((await platform.json<Environment[]>('list', '--label', 'team=old')).map(({ id }) => id)).toEqual([attached.id])
    expect(await platform.json('list', '--label', 'team=new')).toEqual([])
    const table = await platform.cli('list')
    expect(table.stdout).toMatch(/^NAME +CONFIGID +TEMPLATE +STATE +AGE +IDLE +INSTANCES +CPU +MEMORY\n/)
    expect(table.stdout).toMatch(new RegExp(`^legacy +${attached.id} +\\(attached\\) +running`, 'm'))
    const shown = await platform.cli('show', String(attached.id))
    expect(shown.stdout).toMatch(/^state +running/m)
    expect(shown.stdout).toContain('token:')
    const { stdout } = await platform.cli('url', 'legacy')
    expect(stdout).toBe(`${attached.services[0]?.url}\n`)
    const answer = await eventually(async () => {
      const said = await platform.ask(new URL(stdout).hostname)
      return said.status === 200 ? said : undefined
    })
    expect(answer.body).toBe('legacy')
  })

  it('says which service there is instead', async () => {
    const { code, stderr } = await platform.cli('url', 'legacy', 'api')
    expect(code).toBe(4)
    expect(stderr).toContain('There are www.')
  })

  it('names what is not there', async () => {
    for (const words of [
      ['show', 'nobody'],
      ['suspend', 'nobody'],
      ['delete', 'nobody', '--yes'],
      ['logs', '9999'],
      ['events', 'nobody'],
      ['template', 'show', 'nothing'],
      ['up', 'nothing'],
      ['template', 'list', 'nothing'],
      ['channel', 'list', 'nothing'],
      ['list', '--template', 'nothing'],
      ['list', '--template', 'nothing@7'],
    ]) {
      const { code, stderr, stdout } = await platform.cli(...words)
      expect([words, code, stdout]).toEqual([words, 4, ''])
      expect(stderr).toContain(words.find((word) => /^no|9999/.test(word)))
    }
  })

  it('refuses what the provider can not do, without a change', async () => {
    const { code, stderr } = await platform.cli('exec', 'legacy', 'www', '--', 'true')
    expect([2, 4]).toContain(code)
    expect(stderr).toContain('error: ')
  })

  it('shows events as JSON Lines, after a number and as they come', async () => {
    const { stdout } = await platform.cli('events', 'legacy', '--json')
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Event)
    expect(events.map(({ type }) => type)).toContain('environment.created')
    const created = await platform.cli('events', 'legacy', '--type', 'environment.created', '--json')
    expect(
      created.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as Event).type),
    ).toEqual(['environment.created'])
    const last = events.at(-1)?.seq ?? 0
    const child = spawn(bin, ['events', '--follow', '--after', String(last), '--json'], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const { id } = await platform.json<Environment>('attach', 'follower', '--service', `www=${endpoint}`)
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
    const first = JSON.parse(chunk.toString().split('\n')[0] ?? '') as Event
    expect(first.seq).toBeGreaterThan(last)
    expect(first.environment).toBe(id)
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([130, null])
  })

  it('asks nobody where nobody is: delete wants --yes', async () => {
    for (const flags of [[], ['--no-input']]) {
      const { code, stderr } = await platform.cli('delete', 'legacy', ...flags)
      expect(code).toBe(2)
      expect(stderr).toContain('--yes')
      expect(stderr).toContain('legacy')
    }
    expect((await platform.json<Environment>('show', 'legacy')).state).toBe('running')
  })

  it.skipIf(!has('script', 'bsdutils'))('asks on a terminal, names what goes and until when it can be undone', async () => {
    const run = (answer: string) =>
      new Promise<{ code: number | null; text: string }>((done) => {
        // `script` gives it a terminal.
        const child = spawn('script', ['-qec', `${bin} delete legacy`, '/dev/null'], {
          env: environment(),
          stdio: ['pipe', 'pipe', 'inherit'],
        })
        let text = ''
        let answered = false
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk
          if (answered || !text.includes('[y/N]')) return
          answered = true
          child.stdin.write(`${answer}\n`)
        })
        child.on('close', (code) => done({ code, text }))
      })
    const no = await run('n')
    expect(no.code).toBe(130)
    expect(no.text).toMatch(/legacy \(\d+\), \(attached\), running/)
    expect(no.text).toMatch(/Until \d{4}-.*standin undelete/)
    expect((await platform.json<Environment>('show', 'legacy')).state).toBe('running')
    expect((await run('y')).code).toBe(0)
  })

  it('shows the trash, and brings back what is in it', async () => {
    const [trashed] = await platform.json<Environment[]>('list', '--deleted')
    expect(trashed?.name).toBe('legacy')
    expect((await platform.cli('list', '--deleted')).stdout).toMatch(/PURGED IN/)
    const back = await platform.json<Environment>('undelete', String(trashed?.id))
    expect(back.desired).not.toBe('deleted')
    const gone = await platform.json<Environment>('delete', String(trashed?.id), '--purge', '--yes')
    expect(gone.state).toBe('deleted')
    expect(await platform.json('list', '--deleted')).toEqual([])
    const { code, stderr } = await platform.cli('undelete', String(trashed?.id))
    expect(code).toBe(4)
    expect(stderr).toContain(String(trashed?.id))
  })

  it('prints a secret once, and refuses a token that is wrong, lacks the scope, or was revoked', async () => {
    const created = await platform.json<CreatedToken>('token', 'create', 'looker', '--scope', 'read', '--expires', '1h')
    const bare = await platform.cli('token', 'create', 'writer', '--scope', 'write')
    expect(bare.stdout).toMatch(/^stn_\S+\n$/)
    expect((await platform.cli('token', 'list')).stdout).not.toContain(created.token)
    const as = (token: string, ...words: string[]) =>
      cli(words, { PATH: process.env.PATH ?? '', HOME: scratch, STANDIN_URL: platform.running.api, STANDIN_TOKEN: token })
    expect((await as(created.token, 'list')).code).toBe(0)
    expect(await as(created.token, 'delete', 'follower', '-y')).toMatchObject({ code: 3, stdout: '' })
    await platform.cli('token', 'revoke', created.id, '--yes')
    for (const token of [created.token, 'stn_not_one', 'nonsense']) {
      const { code, stderr } = await as(token, 'list')
      expect(code).toBe(3)
      expect(stderr).not.toContain(token)
    }
  })

  it('changes nothing with --dry-run', async () => {
    for (const words of [
      ['delete', 'follower'],
      ['stop', 'follower'],
      ['attach', 'other', '--service', `www=${endpoint}`],
    ]) {
      expect((await platform.cli(...words, '--dry-run')).code).toBe(0)
    }
    expect(await platform.json<Environment[]>('list')).toMatchObject([{ name: 'follower', state: 'running' }])
  })

  it('is told well by doctor', async () => {
    const { code, stdout } = await platform.cli('doctor', '--json')
    const findings = JSON.parse(stdout) as { name: string; status: string }[]
    expect(findings.filter(({ status }) => status === 'failed')).toEqual([])
    expect(code).toBe(0)
    expect(findings.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['node', 'home', 'disk', 'platform', 'gateway', 'CA', 'https', 'trust', 'resolver', 'names']),
    )
  })

  it('is one a home', async () => {
    const { code, stderr } = await cli(['start', '--api', '127.0.0.1:0', '--http', '127.0.0.1:0', '--dns', '127.0.0.1:0'], environment())
    expect(code).toBe(8)
    expect(stderr).toContain(String(platform.pids().start))
  })

  it.each(['gateway', 'dns', 'control'] as const)('starts %s again when it is killed, where it was', async (part) => {
    const pid = platform.pids()[part]
    process.kill(pid, 'SIGKILL')
    await eventually(() => (platform.pids()[part] && platform.pids()[part] !== pid) || undefined, 30_000)
    // A gateway that was just started has no routes yet, and says so.
    await eventually(async () => {
      const { status } = await platform.ask('www-9999.test-envs.localhost')
      return (status === 404 && (await platform.cli('list')).code === 0) || undefined
    }, 30_000)
  })
})

describe('the supervisor', { timeout: 180_000 }, () => {
  it('goes on where it can not write down who runs, and does so once it can', async () => {
    const platform = await Platform.boot()
    const { start, control } = platform.pids()
    const inTheWay = join(platform.home, 'run', `standin.json.${start}`)
    mkdirSync(inTheWay)
    process.kill(control, 'SIGKILL')
    await eventually(async () => ((await platform.cli('list')).code === 0 && !isAlive(control)) || undefined, 30_000)
    expect([isAlive(start), platform.pids().control]).toEqual([true, control])
    rmdirSync(inTheWay)
    await eventually(() => (platform.pids().control !== control && isAlive(platform.pids().control)) || undefined, 30_000)
    await platform.stop()
  })

  it('takes its apps along when it is killed, and a new one comes up in the same home', async () => {
    const first = await Platform.boot()
    const { start, control, gateway, dns } = first.pids()
    process.kill(start, 'SIGKILL')
    const second = await first.again()
    expect([control, gateway, dns].filter(isAlive)).toEqual([])
    expect(second.pids().start).not.toBe(start)
    await second.stop({ keepHome: true })
    expect(existsSync(join(second.home, 'run', 'standin.json'))).toBe(false)
    const { code, stderr } = await second.cli('list')
    expect(code).toBe(9)
    expect(stderr).toContain('standin start')
    rmSync(second.home, { recursive: true })
  })
})
