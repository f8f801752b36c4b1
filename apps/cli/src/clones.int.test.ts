import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Environment, Event, Template } from '@standin/client'
import { eventually, Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const bin = resolve(import.meta.dirname, '../../../bin/standin')

describe('clones on a running platform', { timeout: 180_000 }, () => {
  let platform: Platform
  const scratch = mkdtempSync(join(tmpdir(), 'standin-clones-'))

  /** A blueprint of one host that does nothing, with a launch step. */
  function blueprint(name: string, launch: string, provision = 'true'): string {
    const directory = join(scratch, name)
    mkdirSync(directory)
    writeFileSync(
      join(directory, 'compose.yaml'),
      `name: ${name}
services:
  idler:
    build: .
    command: [sh, -c, echo hello from idler; exec sleep 1000]
x-standin:
  phases:
    provision:
      - { name: prepare, host: idler, run: ${JSON.stringify(provision)} }
  launch:
    - { name: neutralise, host: idler, run: ${JSON.stringify(launch)} }
`,
    )
    return directory
  }
  const environment = () => ({ PATH: process.env.PATH ?? '', HOME: platform.home, STANDIN_HOME: platform.home, NO_COLOR: '1' })

  /** The CLI, sent a signal as soon as it has said `cue` on stderr. */
  async function interrupted(words: string[], cue: RegExp): Promise<{ code: number | null; stderr: string }> {
    const child = spawn(bin, words, { env: environment(), stdio: ['ignore', 'ignore', 'pipe'] })
    let stderr = ''
    let sent = false
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk
      if (!sent && cue.test(stderr)) sent = child.kill('SIGINT')
    })
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, stderr }
  }

  beforeAll(async () => {
    platform = await Platform.boot()
    await platform.json('template', 'build', blueprint('tiny', 'true'))
  }, 120_000)
  afterAll(async () => {
    await platform?.stop()
    rmSync(scratch, { recursive: true, force: true })
  }, 120_000)

  it('shows a build phase by phase, and prints what was baked', async () => {
    const { code, stdout, stderr } = await platform.cli('template', 'build', join(scratch, 'tiny'), '--channel', 'stable')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^tiny@2\n/)
    for (const phase of ['provision', 'bootstrap', 'configure', 'bake']) expect(stderr).toMatch(new RegExp(`^ok   ${phase}  \\d`, 'm'))
    expect(stderr).toMatch(/^ {2}ok {3}idler: prepare {2}\d/m)
  })

  it('clones several at once, each with its steps, its labels and a name', async () => {
    const { code, stdout, stderr } = await platform.cli('up', 'tiny:stable', '--name', 'twin', '--count', '2', '--label', 'a=b=c', '--json')
    expect(code).toBe(0)
    const twins = JSON.parse(stdout) as Environment[]
    expect(twins.map(({ name, state, labels }) => [name, state, labels.a])).toEqual([
      ['twin-1', 'running', 'b=c'],
      ['twin-2', 'running', 'b=c'],
    ])
    expect(stderr).toMatch(/twin-1: idler .*neutralise/)
    // It runs as soon as it is there, whenever it comes to say something.
    await eventually(async () =>
      /^idler-1 \| hello from idler$/m.test((await platform.cli('logs', 'twin-1', 'idler')).stdout) ? true : undefined,
    )
    const lines = await platform.cli('logs', 'twin-1', '-n', '1', '--json')
    expect(JSON.parse(lines.stdout)).toMatchObject({ host: 'idler', instance: 'idler-1' })
  })

  it('says what it would clone with --dry-run, and clones nothing', async () => {
    const { code, stdout } = await platform.cli('up', 'tiny', '--name', 'dry', '--dry-run')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Would clone tiny@2 as dry: hosts idler; no services.\n' })
    expect((await platform.cli('show', 'dry')).code).toBe(4)
    const several = await platform.cli('up', 'tiny', '--name', 'dry', '--count', '3', '--dry-run')
    expect(several.stdout).toBe('Would clone tiny@2 3 times as dry-1 … dry-3: hosts idler; no services.\n')
  })

  it('takes a name once', async () => {
    const { code, stderr } = await platform.cli('up', 'tiny', '--name', 'twin-1')
    expect(code).toBe(8)
    expect(stderr).toContain('twin-1')
    expect((await platform.cli('up', 'tiny', '--name', 'twin-1', '--dry-run')).code).toBe(8)
  })

  it('makes none of several where one of the names is taken', async () => {
    const third = await platform.json<Environment>('up', 'tiny', '--name', 'row-3')
    const { code, stdout, stderr } = await platform.cli('up', 'tiny', '--name', 'row', '--count', '3')
    expect({ code, stdout }).toEqual({ code: 8, stdout: '' })
    expect(stderr).toContain(`row-3 (${third.id})`)
    expect((await platform.cli('show', 'row-1')).code).toBe(4)
    await platform.json('delete', 'row-3', '--purge', '--yes')
  })

  it('suspends, wakes, stops and starts, and tells when there is nothing to do', async () => {
    const states = async (...words: string[]) =>
      (await platform.json<Environment[]>(...words, 'twin-1', 'twin-2')).map(({ state }) => state)
    expect(await states('suspend')).toEqual(['suspended', 'suspended'])
    expect((await platform.cli('suspend', 'twin-1')).stderr).toContain('suspended already')
    expect(await states('resume')).toEqual(['running', 'running'])
    expect(await states('stop')).toEqual(['stopped', 'stopped'])
    expect(await states('resume')).toEqual(['running', 'running'])
    const shown = await platform.json<Environment>('suspend', 'twin-2', '--reason', 'lunch')
    expect(shown.reason.message).toContain('lunch')
  })

  it('brings a clone up after what it needs, however long that takes, and wakes both in this order', async () => {
    await platform.json('template', 'build', blueprint('unhurried', 'sleep 2'))
    const needed = await platform.json<Environment>('up', 'unhurried', '--name', 'needed', '--no-wait')
    const needing = await platform.json<Environment>('up', 'tiny', '--name', 'needing', '--label', 'suspend.needs=needed')
    const came = async (state: Environment['state']) => {
      const { body } = await platform.api<{ items: Event[] }>('GET', '/v1/events?type=environment.state&limit=1000')
      return body.items
        .filter((event) => event.state === state && [needed.id, needing.id].includes(event.environment ?? 0))
        .map((event) => event.environment)
    }
    expect(await came('running')).toEqual([needed.id, needing.id])
    await platform.json('suspend', 'needing', 'needed')
    await platform.json('resume', 'needing')
    expect(await came('running')).toEqual([needed.id, needing.id, needed.id, needing.id])
    expect((await platform.json<Environment>('show', 'needed')).reason.message).toBe(
      `needed: needing (${needing.id}) comes up and needs it`,
    )
    await platform.json('delete', 'needing', 'needed', '--purge', '--yes')
  })

  it('tells why a clone failed, with what it printed and what to do, and ends with 6', async () => {
    await platform.json('template', 'build', blueprint('failing', 'echo no neutralising today; exit 4'))
    const { code, stdout, stderr } = await platform.cli('up', 'failing', '--name', 'broken')
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' })
    for (const part of ['broken', 'neutralise', 'no neutralising today', 'standin logs', 'standin delete']) expect(stderr).toContain(part)
    await platform.json('delete', 'broken', '--purge', '--yes')
  })

  it('goes on when nobody waits any longer: timeout 5, Ctrl-C 130', async () => {
    await platform.json('template', 'build', blueprint('slow', 'sleep 5'))
    const late = await platform.cli('up', 'slow', '--name', 'late', '--timeout', '300ms')
    expect(late.code).toBe(5)
    expect(late.stderr).toMatch(/late \(\d+\)/)
    expect(late.stderr).toContain('standin show')
    const left = await interrupted(['up', 'slow', '--name', 'left'], /is being cloned/)
    expect(left.code).toBe(130)
    expect(left.stderr).toContain('goes on')
    for (const name of ['late', 'left']) {
      await eventually(async () => ((await platform.json<Environment>('show', name)).state === 'running' ? true : undefined), 30_000)
    }
  })

  it('lets a build go on after Ctrl-C, and says so', async () => {
    const { code, stderr } = await interrupted(['template', 'build', blueprint('long', 'true', 'sleep 4')], /^Build \d+ of long/m)
    expect(code).toBe(130)
    expect(stderr).toMatch(/Build \d+ goes on/)
    const baked = await eventually(async () => (await platform.json<Template[]>('template', 'list', 'long'))[0], 30_000)
    expect(baked.ref).toBe('long@1')
  })

  it('moves a channel by version and by another channel', async () => {
    expect((await platform.json<{ ref: string }>('channel', 'set', 'tiny:old', '1')).ref).toBe('tiny@1')
    expect((await platform.json<{ ref: string }>('channel', 'set', 'tiny:old', 'tiny:latest')).ref).toBe('tiny@2')
    expect((await platform.cli('channel', 'set', 'tiny:old', 'slow@1')).code).toBe(2)
    expect((await platform.cli('channel', 'set', 'tiny', '1')).code).toBe(2)
    expect((await platform.cli('channel', 'set', 'tiny:old', '9')).code).toBe(4)
    expect((await platform.cli('channel', 'list', 'tiny')).stdout).toMatch(/^tiny:old +tiny@2 /m)
  })

  it('refuses to delete a template that is in use, and deletes one that is not', async () => {
    const used = await platform.cli('template', 'delete', 'tiny@2', '--yes')
    expect(used.code).toBe(8)
    expect((await platform.cli('template', 'delete', 'long@1')).code).toBe(2)
    expect((await platform.cli('template', 'delete', 'long@1', '--yes')).code).toBe(0)
    expect((await platform.cli('template', 'show', 'long')).code).toBe(4)
  })
})
