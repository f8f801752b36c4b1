import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { identityPlugin } from './identity-plugin.ts'
import { OktaSimulator } from './sources/okta/fixtures/okta-simulator.ts'

interface Asked {
  readonly number: number
  readonly state: string
  readonly lines: readonly string[]
  readonly error: { readonly code: string; readonly detail: string } | null
}

let okta: OktaSimulator
let booted: BootedPlugin | undefined
let folder: string
beforeEach(() => {
  okta = new OktaSimulator()
  folder = mkdtempSync(join(tmpdir(), 'standin-asked-'))
})
afterEach(async () => {
  await booted?.[Symbol.asyncDispose]()
  booted = undefined
  await okta[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

const boot = async (more: object = {}) => {
  const tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, okta.token, { mode: 0o600 })
  const source = { id: 'okta', site: await okta.start(), tokenFile, schedule: '0 6 * * *', ...more }
  booted = await bootPlugin(identityPlugin, { sources: { okta: [source] } })
  return booted
}
const ask = async (plugin: BootedPlugin, path: string, body?: object) => {
  const answer = await plugin.fetch(path, {
    scope: 'admin',
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  return { status: answer.status, body: (await answer.json()) as Asked & { readonly detail: string } }
}
const finished = async (plugin: BootedPlugin, { number }: Asked): Promise<Asked> => {
  const now = async () => (await (await plugin.fetch(`/sources/okta/asked/${number}`, { scope: 'admin' })).json()) as Asked
  await expect.poll(async () => (await now()).state, { timeout: 20_000 }).not.toBe('running')
  return now()
}

it('lists sources, makes a plan that changes nothing, and follows them when somebody asks', async () => {
  const plugin = await boot()
  for (const name of ['ann', 'bob', 'cid']) okta.add(`${name}@example.com`)
  expect(await (await plugin.fetch('/sources')).json()).toEqual({
    items: [{ id: 'okta', kind: 'okta', schedule: '0 6 * * *', timeZone: 'UTC', dryRun: false, export: [] }],
  })
  const plan = await ask(plugin, '/sources/okta/plan')
  expect([plan.status, plan.body.state]).toEqual([202, 'running'])
  expect((await finished(plugin, plan.body)).lines[0]).toBe(
    'okta: 3 people and 0 groups read; would create 3, change 0, activate 0, deactivate 0, groups: create 0, change 0',
  )
  expect((await plugin.client.users.list()).total).toBe(0)
  expect((await finished(plugin, (await ask(plugin, '/sources/okta/run', {})).body)).state).toBe('done')
  expect((await plugin.client.users.list()).total).toBe(3)
  for (const user of okta.users.slice(1)) user.status = 'SUSPENDED'
  const held = await finished(plugin, (await ask(plugin, '/sources/okta/run', { most: 1 })).body)
  expect(held.lines[1]).toContain('2 of 3 users would be deactivated, and at most 1 may be')
  expect(plugin.plugin).toMatchObject({ health: 'degraded' })
  await finished(plugin, (await ask(plugin, '/sources/okta/run', { most: '67%' })).body)
  expect((await plugin.client.users.list({ active: true })).items.map(({ userName }) => userName)).toEqual(['ann@example.com'])
  expect(plugin.plugin).toMatchObject({ health: 'ok', message: null })
})

it('says why it failed; a plan that can not be made does not change how the plugin is', async () => {
  const plugin = await boot()
  const failed = await finished(plugin, (await ask(plugin, '/sources/okta/plan')).body)
  expect(failed).toMatchObject({
    state: 'failed',
    lines: [],
    error: { code: 'upstream_failed', detail: expect.stringContaining('has nobody') },
  })
  expect(plugin.plugin).toMatchObject({ health: 'ok' })
  await finished(plugin, (await ask(plugin, '/sources/okta/run')).body)
  expect(plugin.plugin).toMatchObject({ health: 'degraded', message: expect.stringContaining('has nobody; nothing was changed') })
})

it('refuses what can not be: two at once, a run where there is to be none, who may not', async () => {
  const plugin = await boot({ dryRun: true })
  okta.add('ann@example.com')
  expect(await ask(plugin, '/sources/okta/run')).toMatchObject({
    status: 409,
    body: { detail: 'okta has dryRun: true in its configuration' },
  })
  expect(await ask(plugin, '/sources/other/plan')).toMatchObject({ status: 404, body: { detail: 'there is no source other' } })
  expect((await ask(plugin, '/sources/okta/plan', { most: 'all' })).status).toBe(400)
  // It waits for the clock, which stands still.
  okta.upset(/users/, { status: 429 })
  expect((await ask(plugin, '/sources/okta/plan')).status).toBe(202)
  expect(await ask(plugin, '/sources/okta/plan')).toMatchObject({
    status: 409,
    body: { detail: 'okta is being read for somebody already' },
  })
  expect((await plugin.fetch('/sources/okta/plan', { method: 'POST', scope: 'write' })).status).toBe(403)
  expect((await plugin.fetch('/sources/okta/asked/99', { scope: 'admin' })).status).toBe(404)
})
