import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { packBlueprint } from '@standin/blueprint'
import { type LiveEnvironment, StandinClient } from '@standin/client/connect'
import { suspendLabels } from '@standin/client/suspend-labels'
import { eventually } from '@standin/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readConfig } from '../config.ts'
import { buildContainer, Tokens } from '../container.ts'
import type { Control } from '../control.ts'
import { SuspendAhead } from '../fixtures/suspend-ahead.ts'
import { openHome } from '../open-home.ts'

const hour = 3_600_000
/** It is busy for as long as it was last told to be, and counts who asks. */
const server = `
import { createServer } from 'node:http'
const [host, port] = process.env.LISTEN.split(':')
let busyUntil = null
let asked = 0
createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://web')
  if (pathname === '/work') busyUntil = searchParams.get('until')
  if (pathname === '/busy') asked += 1
  response.end(JSON.stringify(pathname === '/busy' ? { busyUntil } : { asked }))
}).listen(Number(port), host)
`
const blueprint = `services:
  web: {build: ., command: node server.mjs, environment: {LISTEN: "\${STANDIN_ADDRESS}:8080"}, expose: [8080]}
x-standin: {name: worker, busy: /busy}
`

const folder = mkdtempSync(join(tmpdir(), 'standin-busy-'))
let control: Control
let client: StandinClient

beforeAll(async () => {
  const config = readConfig(['--home', join(folder, 'home'), '--api', '127.0.0.1:0', '--log-level', 'silent'], {})
  control = buildContainer(config, await openHome(config)).resolve(Tokens.control)
  const { api, tokenFile } = await control.start()
  client = new StandinClient({ url: api, token: readFileSync(tokenFile, 'utf8').trim() })
  const files = { 'compose.yaml': blueprint, 'server.mjs': server }
  const dir = mkdtempSync(join(folder, 'blueprint-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  const { stream } = await packBlueprint({ dir })
  const { id } = await client.builds.create(new Blob([await buffer(stream)]))
  for await (const event of client.events.follow({ build: id })) if (event.type === 'build.finished') break
  expect((await client.builds.get(id)).state).toBe('succeeded')
}, 60_000)
afterAll(async () => {
  for (const environment of (await client.environments.list({})).items) await environment.delete({ purge: true })
  const left = join(folder, 'home/providers/process/environments')
  await eventually(() => (readdirSync(left).length === 0 ? true : undefined), 20_000)
  await control.stop()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

const until = (environment: LiveEnvironment, state: string) =>
  expect.poll(async () => (await environment.refresh()).state, { timeout: 30_000 }).toBe(state)
const ask = async (environment: LiveEnvironment, path: string): Promise<unknown> => {
  const { services } = await environment.refresh()
  const { address, port } = services[0]?.endpoints[0] ?? {}
  return (await fetch(`http://${address}:${port}${path}`)).json()
}

it('asks the application that a blueprint names before a clone of it is suspended, unless a label of the clone says otherwise', async () => {
  const time = new SuspendAhead()
  const { run } = await time.begin(client, { idleAfter: '30m' })
  const named = await client.environments.create({ template: 'worker', name: 'named' })
  const unasked = await client.environments.create({ template: 'worker', name: 'unasked', labels: { [suspendLabels.busyPath]: '' } })
  for (const each of [named, unasked]) await until(each, 'running')
  expect(named.labels).toEqual({ 'suspend.busy-path': 'www/busy' })
  const at = new Date().toISOString()
  await client.activity.report([named, unasked].map(({ id }) => ({ environment: id, at, cause: 'GET www' })))

  const free = Date.now() + 3 * hour
  for (const each of [named, unasked]) await ask(each, `/work?until=${new Date(free).toISOString()}`)
  time.ahead = hour
  expect((await run()).toSorted()).toEqual([
    `named (${named.id}) says that it is busy`,
    expect.stringMatching(new RegExp(`^suspend unasked \\(${unasked.id}\\), idle: `)),
  ])
  await until(unasked, 'suspended')
  expect(await ask(named, '/')).toEqual({ asked: 1 })
  // It is believed, and not asked again until then.
  time.ahead = 2 * hour
  expect(await run()).toEqual([])
  expect((await named.refresh()).desired).toBe('running')

  await ask(named, '/work')
  time.ahead = 3 * hour + 60_000
  expect(await run()).toEqual([expect.stringMatching(/^suspend named /)])
  await until(named, 'suspended')
}, 90_000)
