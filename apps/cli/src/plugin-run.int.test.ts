import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import type { Plugin, PluginRun } from '@standin/client'
import { StandinClient } from '@standin/client/connect'
import { eventually, Platform } from '@standin/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

/** Answers each ping, writes down what it handled, and has a run that goes on for as long as a file is there. */
const counter = (dir: string) => `
import { appendFileSync, existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
export default {
  id: 'counter',
  config: { type: 'object', properties: { word: { type: 'string', default: 'pong' } } },
  setup: ({ client, store }, { word }) => ({
    eventTypes: ['notice'],
    async onEvent({ seq, data }) {
      if (data.kind !== 'ping') return
      appendFileSync('${dir}/handled', data.message + '\\n')
      await client.events.notify({ kind: 'pong', message: word + ' ' + data.message }, { idempotencyKey: 'pong-' + seq })
      await store.set('last', seq)
    },
    schedules: [{
      id: 'count',
      cron: '0 0 1 1 *',
      async run({ id, attempt, print }) {
        appendFileSync('${dir}/runs', id + ' ' + attempt + '\\n')
        while (existsSync('${dir}/hold')) await pause(10)
        await client.events.notify({ kind: 'counted', message: String(id) }, { idempotencyKey: 'counted-' + id })
        print('counted')
      },
    }],
    routes: async (app) => {
      app.get('/last', async (request) => ({ last: (await store.get('last')) ?? null, caller: request.pluginCaller?.actor }))
    },
  }),
}
`

const standin = resolve(import.meta.dirname, '../../../bin/standin')
let dir: string
let platform: Platform
let client: StandinClient
let token: string
const started: ChildProcess[] = []

/** `standin plugin run`, as a person would start it. */
const run = async (...arguments_: string[]) => {
  const env = { PATH: process.env.PATH ?? '', HOME: dir, STANDIN_HOME: join(dir, 'home'), NO_COLOR: '1', STANDIN_TOKEN: token }
  const child = spawn(
    resolve(import.meta.dirname, '../../../bin/standin'),
    ['plugin', 'run', ...arguments_, '--url', platform.running.api, '--json'],
    {
      env,
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  started.push(child)
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk
  })
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text)),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`it ended with ${code}: ${said}`))),
  ])
  const ready = JSON.parse(line) as { plugin: string; listen: string; actor: string; dir: string; notes?: string }
  const pid = Number(readFileSync(join(ready.dir, 'plugin.pid'), 'utf8'))
  const beside = new StandinClient({ url: ready.listen, token: platform.token })
  return { ready, pid, beside, ended: once(child, 'exit'), stop: () => child.kill('SIGTERM'), said: () => said }
}
/** As `run`, where it is not to begin. */
const refused = (arguments_: readonly string[], at: { url: string; token: string } = { url: platform.running.api, token }) =>
  new Promise<{ code: unknown; stderr: string }>((done) => {
    const env = { PATH: process.env.PATH ?? '', HOME: dir, STANDIN_HOME: join(dir, 'home'), NO_COLOR: '1', STANDIN_TOKEN: at.token }
    execFile(standin, ['plugin', 'run', ...arguments_, '--url', at.url], { env, cwd: dir }, (error, _, stderr) =>
      done({ code: error?.code, stderr }),
    )
  })
/** Control may be away just then. */
const ping = (n: number) =>
  eventually(() => client.events.notify({ kind: 'ping', message: `${n}` }, { idempotencyKey: `ping-${n}` }), 30_000)
const handled = () => (existsSync(join(dir, 'handled')) ? readFileSync(join(dir, 'handled'), 'utf8').trim().split('\n').map(Number) : [])
const lines = (file: string) => (existsSync(join(dir, file)) ? readFileSync(join(dir, file), 'utf8').trim().split('\n') : [])
const notices = async (kind: string) => {
  const all = []
  for (let after = 0; ; ) {
    const { items } = await client.events.list({ type: 'notice', after, limit: 1000 })
    all.push(...items.filter(({ data }) => data.kind === kind))
    if (items.length < 1000) return all
    after = items.at(-1)?.seq ?? 0
  }
}
/** While it is stopped: its schedule was due an hour ago. */
const makeDue = (folder: string) => {
  const database = new DatabaseSync(join(folder, 'plugin.db'))
  database.exec(`update plugin_schedules set due_at = ${Date.now() - 3_600_000}`)
  database.close()
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'standin-plugin-run-'))
  writeFileSync(join(dir, 'counter.mjs'), counter(dir))
  platform = await Platform.boot()
  client = new StandinClient({ url: platform.running.api, token: platform.token })
  token = (await platform.json<{ token: string }>('token', 'create', 'counting', '--scope', 'write')).token
}, 120_000)
afterEach(async () => {
  rmSync(join(dir, 'hold'), { force: true })
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
})
afterAll(async () => {
  await platform?.stop()
  rmSync(dir, { recursive: true, force: true })
}, 120_000)

describe('standin plugin run', { timeout: 300_000 }, () => {
  it('runs a plugin beside a control plane, in the name of its token', async () => {
    const { ready, beside, stop, ended } = await run('./counter.mjs')
    expect(ready).toMatchObject({ plugin: 'counter', actor: 'token:counting', dir: join(dir, 'home/plugins/counter') })
    await ping(0)
    const [pong] = await eventually(async () => ((await notices('pong')).length > 0 ? await notices('pong') : undefined))
    expect(pong).toMatchObject({ actor: 'token:counting', data: { message: 'pong 0' } })
    const { items } = await eventually(async () => {
      const list = await beside.plugins.list()
      return list.items[0]?.behind === 0 && list.items[0].stored.keys === 1 ? list : undefined
    })
    expect(items).toMatchObject([{ id: 'counter', state: 'running', health: 'ok', schedules: [{ id: 'count' }] }])
    const last = await fetch(`${ready.listen}/v1/plugins/counter/last`, { headers: { authorization: `Bearer ${platform.token}` } })
    expect(await last.json()).toEqual({ last: expect.any(Number), caller: 'token:admin' })
    const answers = await Promise.all(
      ['/v1/plugins', '/v1/plugins/counter/last', '/v1/metrics', '/v1/health'].map(
        async (path) => (await fetch(ready.listen + path)).status,
      ),
    )
    expect(answers).toEqual([401, 401, 401, 200])
    const metrics = await fetch(`${ready.listen}/v1/metrics`, { headers: { authorization: `Bearer ${token}` } })
    expect(await metrics.text()).toContain('standin_plugin_up{plugin="counter"} 1')
    expect(await refused(['./counter.mjs'])).toMatchObject({ code: 8, stderr: expect.stringContaining('another process with this plugin') })
    stop()
    expect(await ended).toEqual([0, null])
  })

  it('loses no event and handles none twice but the one it was at, whoever is killed', async () => {
    rmSync(join(dir, 'handled'), { force: true })
    let runner = await run('./counter.mjs')
    const count = 300
    let kills = 0
    for (let n = 1; n <= count; n++) {
      await ping(n)
      if (n === 80 || n === 220) {
        process.kill(platform.pids().control, 'SIGKILL')
        kills += 1
      }
      if (n === 130 || n === 200 || n === 221) {
        process.kill(runner.pid, 'SIGKILL')
        kills += 1
        await runner.ended
        if (n !== 130) await ping(1_000 + n)
        runner = await run('./counter.mjs')
      }
    }
    await eventually(() => (handled().at(-1) === count ? true : undefined), 60_000)
    const seen = handled()
    expect(new Set(seen).size).toBe(count + 2)
    // Of each that died, runner or control, the one event that was at hand.
    expect(seen.length - new Set(seen).size).toBeLessThanOrEqual(kills)
    const once_ = [...new Set(seen)]
    expect(once_.filter((n) => n < 1_000)).toEqual(Array.from({ length: count }, (_, index) => index + 1))
    // What it does under a key of the event happens once.
    await eventually(
      async () => ((await notices('pong')).filter(({ data }) => data.message !== 'pong 0').length === count + 2 ? true : undefined),
      30_000,
    )
    await eventually(async () => ((await runner.beside.plugins.get('counter')).health === 'ok' ? true : undefined))
  })

  it('makes up for a run that it missed with one, and calls one again that it, or control, died in', async () => {
    const first = await run('./counter.mjs')
    first.stop()
    await first.ended
    makeDue(first.ready.dir)
    writeFileSync(join(dir, 'hold'), '')
    const second = await run('./counter.mjs')
    await eventually(() => (lines('runs').length === 1 ? true : undefined))
    process.kill(second.pid, 'SIGKILL')
    await second.ended
    const third = await run('./counter.mjs')
    await eventually(() => (lines('runs').length === 2 ? true : undefined))
    process.kill(platform.pids().control, 'SIGKILL')
    rmSync(join(dir, 'hold'))
    const done = await eventually(async () => {
      const { items } = await third.beside.plugins.runs('counter')
      return items[0]?.state === 'succeeded' ? items : undefined
    }, 60_000)
    expect(done).toMatchObject([{ schedule: 'count', state: 'succeeded', output: 'counted\n' } satisfies Partial<PluginRun>])
    const [id] = lines('runs')[0]?.split(' ') ?? []
    expect(lines('runs').slice(0, 2)).toEqual([`${id} 1`, `${id} 2`])
    expect((await notices('counted')).map(({ data }) => data.message)).toEqual([id])
  })

  it('refuses to begin where it could do harm or nothing', async () => {
    const read = await platform.json<{ token: string }>('token', 'create', 'reading', '--scope', 'read')
    expect(await refused(['./counter.mjs'], { url: platform.running.api, token: read.token })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('needs a token with the scope write; token:reading has read'),
    })
    expect(await refused(['./cuonter.mjs'])).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no ./cuonter.mjs') })
    writeFileSync(join(dir, 'wrong.yaml'), 'plugins:\n  - use: ./counter.mjs\n    with: {wrod: hi}\n')
    const wrong = await refused(['counter', '--config', join(dir, 'wrong.yaml')])
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('wrong.yaml:3:12: plugins.0.with.wrod: unknown key "wrod" (did you mean "word"?)'),
    })
    expect(await refused(['suspend', '--dir', join(dir, 'home/plugins/counter')])).toMatchObject({
      stderr: expect.stringContaining('is of the plugin counter, not suspend'),
    })
    await using other = await Platform.boot()
    const elsewhere = await refused(['./counter.mjs'], { url: other.running.api, token: other.token })
    expect(elsewhere).toMatchObject({ stderr: expect.stringContaining('is of the events of another store') })
  })

  it('says what can not work outside of control', async () => {
    const admits = `export default { id: 'guard', config: { type: 'object' }, setup: () => ({ async admit() {}, async section() { return null } }) }`
    writeFileSync(join(dir, 'guard.mjs'), admits)
    const { ready, said, beside } = await run('./guard.mjs')
    expect(ready.notes).toContain('nothing is refused (admit works only inside of control)')
    // Each thing once, in words, and no log of what was well.
    const warnings = await eventually(() => (said().split('\n').length > 2 ? said().trim().split('\n') : undefined))
    expect(warnings).toEqual([
      expect.stringMatching(/^warning: control can not ask guard before something is made or started: nothing is refused/),
      expect.stringMatching(/^warning: control can not ask guard for its section/),
    ])
    expect((await beside.plugins.get('guard')) satisfies Plugin).toMatchObject({ state: 'running' })
  })
})
