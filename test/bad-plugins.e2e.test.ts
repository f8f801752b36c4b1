import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Plugin } from '@standin/client'
import { eventually, Platform } from '@standin/testing'
import { afterAll, expect, it } from 'vitest'

const dir = mkdtempSync(join(tmpdir(), 'standin-bad-plugins-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Plugins as somebody might write them, and what is said of each. `nothing` is the schema of no configuration. */
const written: Readonly<Record<string, readonly [source: string, message: string]>> = {
  throws: [`{ id: 'throws', config, setup() { throw new Error('no such wiki') } }`, 'plugin/throws: no such wiki'],
  'no-cron': [
    `{ id: 'no-cron', config, setup: () => ({ schedules: [{ id: 'nightly', cron: '61 * * * *', async run() {} }] }) }`,
    `plugin/no-cron: schedule nightly: '61 * * * *' is not a cron line`,
  ],
  'no-zone': [
    `{ id: 'no-zone', config, setup: () => ({ schedules: [{ id: 'nightly', cron: '@daily', timeZone: 'Europe/Atlantis', async run() {} }] }) }`,
    `plugin/no-zone: schedule nightly: 'Europe/Atlantis' is not a time zone`,
  ],
  floods: [
    `{ id: 'floods', config, setup: ({ client }) => ({ async start() { flood(client) } }) }
     async function flood(client) { for (let n = 0; n < 1e6; n++) await client.events.notify({ kind: 'flood', message: String(n) }) }`,
    'it tells too many notices: after 1000 it waits its turn, 2 a second',
  ],
  hangs: [`{ id: 'hangs', config, setup: () => new Promise(() => {}) }`, 'plugin/hangs: setup does not return'],
}

it('plugins that are wrong, each in its own way, are told apart by one clear error each, and the platform goes on', async () => {
  const good = `{ id: 'good', config, setup: () => ({ async routes(app) { app.get('/hello', () => ({ hello: 'world' })) } }) }`
  const late = `{ id: 'late', config, setup: () => ({ async routes(app) {
    app.get('/timer', () => { setTimeout(() => { throw new Error('in a timer of a route') }); return {} })
    app.get('/listener', (_, reply) => { reply.raw.on('close', () => { throw new Error('in a listener of a route') }); return {} })
  } }) }`
  const sources: Readonly<Record<string, string>> = {
    good,
    late,
    ...Object.fromEntries(Object.entries(written).map(([id, [source]]) => [id, source])),
  }
  for (const [id, source] of Object.entries(sources))
    writeFileSync(join(dir, `${id}.mjs`), `const config = { type: 'object', additionalProperties: false }\nexport default ${source}\n`)
  const file = join(dir, 'standin.config.yaml')
  const lines = [
    'plugins:',
    '  - use: suspend',
    '    with: { nightly: [{ name: late, at: "22:00", timeZone: Europe/Atlantis }] }',
    '  - use: usage',
    '    with: { timeZone: Europe/Berlin, rates: { svmHour: -1 } }',
    ...Object.keys(sources).map((id) => `  - use: ./${id}.mjs`),
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const ports = ['--api', '127.0.0.1:0', '--http', '127.0.0.1:0', '--dns', '127.0.0.1:0']
  await using platform = await Platform.boot({ arguments: [...ports, '--config', file] })
  const { control } = platform.pids()

  const list = await eventually(async () => {
    const items = await platform.json<Plugin[]>('plugin', 'list')
    return ['hangs', 'floods'].every((slow) => items.some(({ id, message }) => id === slow && message !== null)) ? items : undefined
  }, 60_000)
  const is = new Map(list.map((plugin) => [plugin.id, plugin]))
  for (const [id, [, message]] of Object.entries(written)) {
    if (id === 'floods')
      expect(is.get(id)).toMatchObject({ state: 'running', health: 'degraded', message: expect.stringContaining(message) })
    else
      expect(is.get(id), id).toMatchObject({
        state: expect.stringMatching(/waiting|starting/),
        health: 'failing',
        message: expect.stringContaining(message),
      })
  }
  // Nothing runs with half of its configuration.
  expect([is.get('suspend')?.state, is.get('usage')?.state, is.get('good')?.state]).toEqual(['invalid', 'invalid', 'running'])
  const { stderr } = await platform.cli('plugin', 'list')
  expect(stderr).toContain(`${file}:3:`)
  expect(stderr).toContain("'Europe/Atlantis' is not a time zone")
  expect(stderr).toContain(`${file}:5:`)
  expect(stderr).toContain('svmHour')

  // Flooded or not, it does its work.
  expect(await platform.api('GET', '/v1/plugins/good/hello')).toEqual({ status: 200, body: { hello: 'world' } })
  for (const where of ['timer', 'listener']) {
    // It is begun anew after a second, and shows nothing of it any more then: who did not look meanwhile asks once more.
    const answers = new Set<number>()
    await eventually(async () => {
      answers.add((await platform.api('GET', `/v1/plugins/late/${where}`)).status)
      const { body } = await platform.api<Plugin>('GET', '/v1/plugins/late')
      return body.message === `plugin/late: in a ${where} of a route` || undefined
    }, 30_000)
    expect([...answers].filter((status) => status !== 503)).toEqual([200])
  }
  const services = [{ name: 'www', endpoints: ['127.0.0.1:9'] }]
  expect((await platform.api('POST', '/v1/environments', { name: 'shop-1', provider: 'attach', services })).status).toBe(201)
  expect((await platform.cli('show', 'shop-1')).code).toBe(0)
  expect(platform.pids().control).toBe(control)
}, 240_000)
