import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { packBlueprint } from '@standin/blueprint'
import { type CreateBuildQuery, StandinError } from '@standin/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { House } from '../fixtures/house.ts'
import type { Caller } from '../store/tokens.ts'
import { Builder } from './builder.ts'

const caller: Caller = { tokenId: 't', actor: 'token:ann', name: 'ann', scope: 'write', user: null }

const shop = `services:
  db: {command: db, build: db}
  web: {command: web, depends_on: [db], secrets: [key]}
secrets: {key: {environment: API_KEY}}
volumes: {data: }
x-standin:
  name: store
  phases:
    provision: [{name: install, host: web, run: npm ci}]
    bootstrap: [{name: migrate, host: db, run: migrate}]
    configure: [{name: orders, host: web, run: order}]
  fixtures:
    - {name: users, csv: users.csv, columns: {id: {unique: true}}, load: {name: load users, host: db, run: load}}
    - {name: sales, command: print, host: db, load: {name: load sales, host: db, run: load}}
  checks: [{name: all there, host: web, run: verify}]
`
const files = { 'compose.yaml': shop, 'db/schema.sql': '', 'users.csv': 'id,name\n1,ann\n2,"bob, jr"\n' }

let house: House
let builder: Builder
let folder: string

function makeBuilder(atOnce = 2): Builder {
  const { db, builds, environments, templates, providers, reconciler } = house
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  return new Builder({
    db,
    builds,
    environments,
    templates,
    providers,
    reconciler,
    dir: join(house.dir, 'builds'),
    authorise: () => {},
    log,
    now: () => house.time,
    atOnce,
  })
}

beforeEach(async () => {
  house = await House.build()
  house.world.stepLines.set('rows of sales', ['id,total', '1,9', '2,8', '3,7'])
  await house.open()
  builder = makeBuilder()
  await builder.start()
  folder = mkdtempSync(join(tmpdir(), 'standin-shop-'))
  write(files)
})
afterEach(async () => {
  await builder.close()
  await house[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

function write(texts: Record<string, string>): void {
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

const pack = async () => (await packBlueprint({ dir: folder, environment: { API_KEY: 'sesame-open' } })).stream
const submit = async (query: CreateBuildQuery = {}) => builder.submit(await pack(), { provider: 'memory', ...query }, caller)

async function build(query: CreateBuildQuery = {}) {
  const { id } = await submit(query)
  await builder.idle()
  return house.builds.require(id)
}

/** Nothing of a build that failed may be left. */
function expectNothingLeft(): void {
  expect([...house.world.environments.keys()]).toEqual([])
  expect([...house.world.snapshots.keys()].toSorted()).toEqual(
    house.templates
      .list({ limit: 10 })
      .items.map(({ key }) => key)
      .toSorted(),
  )
  expect(readdirSync(join(house.dir, 'builds'))).toEqual([])
}

describe('Builder', () => {
  it('makes a version in four phases and leaves nothing else behind', async () => {
    const record = await build({ channel: 'stable' })
    expect(record).toMatchObject({
      name: 'store',
      state: 'succeeded',
      template: 'store@1',
      environment: null,
      error: null,
      phase: 'bake',
      actor: 'token:ann',
    })
    expect(house.world.calls).toEqual([
      'create 1001',
      'step install 1001',
      'start 1001',
      'step load users 1001',
      'step rows of sales 1001',
      'step load sales 1001',
      'step migrate 1001',
      'step orders 1001',
      'step all there 1001',
      'stop 1001',
      'purge 1001',
    ])
    expect(house.world.stepInputs.get('load users')).toBe('{"id":"1","name":"ann"}\n{"id":"2","name":"bob, jr"}\n')
    expect(house.world.stepInputs.get('load sales')).toBe('{"id":"1","total":"9"}\n{"id":"2","total":"8"}\n{"id":"3","total":"7"}\n')
    const template = house.templates.resolve('store:stable')
    expect(template).toMatchObject({
      ref: 'store@1',
      sizeBytes: 1024,
      key: `build-${record.id}`,
      stack: { name: 'store', secrets: [{ name: 'key', file: null, environment: 'API_KEY' }] },
    })
    expect(template.provenance).toMatchObject({
      build: record.id,
      actor: 'token:ann',
      inputs: { files: 3 },
      phases: [{ name: 'provision' }, { name: 'bootstrap' }, { name: 'configure' }, { name: 'bake' }],
      fixtures: [
        { name: 'users', rows: 2 },
        { name: 'sales', rows: 3 },
      ],
      checks: [{ name: 'all there', ok: true }],
    })
    expect(template.provenance.blueprintHash).toMatch(/^[0-9a-f]{64}$/)
    expect(house.templates.resolve('store').ref).toBe('store@1')
    expectNothingLeft()
  })

  it('tells of every phase and step, in order', async () => {
    const { id } = await build()
    const told = house.events
      .list({ build: id, limit: 200 })
      .map(({ type, data }) => [type.replace('build.', ''), data.phase, data.step, data.status].filter((part) => part !== null).join(' '))
    expect(told.filter((line) => !line.includes('started'))).toEqual([
      'progress provision files done',
      'progress provision install done',
      'phase provision done',
      'progress bootstrap load users done',
      'progress bootstrap load sales done',
      'progress bootstrap migrate done',
      'phase bootstrap done',
      'progress configure orders done',
      'progress configure check all there done',
      'phase configure done',
      'progress bake stop done',
      'progress bake snapshot done',
      'phase bake done',
      'finished bake succeeded',
    ])
    expect(told[0]).toBe('started provision running')
  })

  it('keeps secrets out of everything that is kept or told', async () => {
    house.world.stepResults.set('orders', { exitCode: 1, tail: ['the key is sesame-open'] })
    const failed = await build()
    expect(failed.error?.detail).toContain('the key is ***')
    house.world.stepResults.clear()
    await build()
    const kept = JSON.stringify([house.events.list({ limit: 1000 }), house.builds.list({ limit: 10 }), house.templates.list({ limit: 10 })])
    expect(kept).not.toContain('sesame-open')
    expect(kept).toContain('API_KEY')
  })

  it('takes a secret from .env, too', async () => {
    write({ '.env': 'API_KEY=from-dotenv' })
    const { stream } = await packBlueprint({ dir: folder })
    const held = house.world.hold('create')
    const { id } = await builder.submit(stream, { provider: 'memory' }, caller)
    await held.reached
    expect(readFileSync(join(house.dir, 'builds', String(id), '.standin/secrets/key'), 'utf8')).toBe('from-dotenv')
    held.release()
    await builder.idle()
  })

  it('gives the provider secrets as files that only the user can read', async () => {
    const held = house.world.hold('create')
    await submit()
    await held.reached
    const [record] = [...house.queries.living()].filter(({ kind }) => kind === 'build')
    const source = record?.source
    if (record === undefined || source?.kind !== 'blueprint') throw new Error('there is no environment of a build')
    expect(house.stacks.of(record).secrets).toEqual([{ name: 'key', file: '.standin/secrets/key', environment: null }])
    expect(readFileSync(join(source.dir, '.standin/secrets/key'), 'utf8')).toBe('sesame-open')
    held.release()
    await builder.idle()
  })

  it.each([
    ['install', 'provision', 'web'],
    ['migrate', 'bootstrap', 'db'],
    ['load users', 'bootstrap', 'db'],
    ['rows of sales', 'bootstrap', 'db'],
    ['orders', 'configure', 'web'],
  ])('says that step %s of phase %s failed on host %s, with its last lines', async (step, phase, host) => {
    house.world.stepResults.set(step, { exitCode: 3, tail: ['one', 'two'] })
    const record = await build()
    expect(record).toMatchObject({ state: 'failed', phase, template: null, environment: null })
    expect(record.error).toEqual({
      code: 'phase_failed',
      detail: `phase ${phase}: step "${step}" on host ${host} ended with exit code 3. Its last lines:\none\ntwo`,
      hint: 'Build it with --keep-failed to have a look at its environment',
    })
    expect(house.templates.list({ limit: 10, name: 'store' }).items).toEqual([])
    expectNothingLeft()
  })

  it('fails where a check fails, after all of them were made', async () => {
    write({ 'compose.yaml': `${shop.replace('checks: [', 'checks: [{name: first, host: db, run: no}, ')}` })
    house.world.stepResults.set('first', { exitCode: 1, tail: ['no orders'] })
    const record = await build()
    expect(record.error).toMatchObject({
      code: 'check_failed',
      detail: 'phase configure: 1 of 2 checks failed.\ncheck "first" failed: it ended with exit code 1\nno orders',
    })
    expect(house.world.calls).toContain('step all there 1001')
    expectNothingLeft()
  })

  it.each(['create', 'start', 'stop', 'snapshot'] as const)('clears up where the provider fails to %s', async (call) => {
    house.world.fail(call, new StandinError('disk_full', 'the disk is full'))
    const record = await build()
    expect(record.error).toMatchObject({ code: 'disk_full', detail: expect.stringMatching(/^phase \w+: the disk is full$/) })
    expectNothingLeft()
    expect((await build()).template).toBe('store@1')
  })

  it('refuses bad rows of a file before anything is made', async () => {
    write({ 'users.csv': 'id,name\n1,a\n1,b\n2\n' })
    const error = await submit().catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'fixture_invalid',
      errors: [
        { file: 'users.csv', line: 3, column: 1 },
        { file: 'users.csv', line: 4, column: 1 },
      ],
    })
    expect(house.world.calls).toEqual([])
    expectNothingLeft()
  })

  it('refuses bad rows of a command', async () => {
    house.world.stepLines.set('rows of sales', ['id,total', '1,9,9'])
    const record = await build()
    expect(record.error).toMatchObject({
      code: 'fixture_invalid',
      detail: expect.stringContaining('output of "sales":2:1 there are 3 fields'),
    })
    expect(house.world.calls).not.toContain('step load sales 1001')
    expectNothingLeft()
  })

  it.each<[string, () => Promise<Readable>, CreateBuildQuery, string]>([
    ['no archive', async () => Readable.from([Buffer.from('noise')]), {}, 'invalid'],
    ['a provider that is not there', pack, { provider: 'nowhere' }, 'provider_not_found'],
    ['a provider that can not bake', pack, { provider: 'attach' }, 'unsupported'],
    ['a file that is not there', pack, { file: 'other.yaml' }, 'blueprint_invalid'],
    ['the channel latest', pack, { channel: 'latest' }, 'invalid'],
  ])('refuses %s', async (_, upload, query, code) => {
    const error = await builder.submit(await upload(), { provider: 'memory', ...query }, caller).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code })
    expectNothingLeft()
    expect(house.builds.open()).toEqual([])
  })

  it('keeps a failed environment for a look when asked to, also over a restart', async () => {
    house.world.stepResults.set('orders', { exitCode: 1 })
    const record = await build({ keepFailed: true })
    expect(record).toMatchObject({ state: 'failed', environment: 1001 })
    house.kill()
    await house.open()
    await house.reconciler.settled(1001)
    expect(house.environments.require(1001)).toMatchObject({
      kind: 'build',
      state: 'failed',
      reason: { code: 'phase_failed', message: expect.stringContaining(`kept for a look (build ${record.id})`) },
    })
    expect(house.world.environments.get(1001)?.state).toBe('running')
    house.environments.want(1001, 'deleted', { actor: 'token:ann', message: 'seen' })
    await house.until(1001, 'deleted')
    expectNothingLeft()
  })

  it('gives two builds of one name at once two versions', async () => {
    const [first, second] = await Promise.all([submit(), submit()])
    await builder.idle()
    const refs = [first, second].map((each) => house.builds.require(each.id).template)
    expect(refs.toSorted()).toEqual(['store@1', 'store@2'])
    expectNothingLeft()
  })

  it('does not burn a version on a build that failed, nor use one again', async () => {
    house.world.stepResults.set('orders', { exitCode: 1 })
    await build()
    house.world.stepResults.clear()
    expect((await build()).template).toBe('store@1')
    house.templates.delete(house.templates.resolve('store@1'), [], 'token:ann')
    expect((await build()).template).toBe('store@2')
  })

  it('queues what is too much at once', async () => {
    builder = makeBuilder(1)
    const held = house.world.hold('create')
    const first = await submit()
    const second = await submit()
    await held.reached
    expect(house.builds.require(first.id).state).toBe('running')
    expect(house.builds.require(second.id).state).toBe('queued')
    held.release()
    await builder.idle()
    expect(house.builds.require(second.id).state).toBe('succeeded')
  })

  it('interrupts its builds when it is closed, and clears up', async () => {
    builder = makeBuilder(1)
    const held = house.world.hold('start')
    const first = await submit()
    const second = await submit()
    await held.reached
    await builder.close()
    for (const { id } of [first, second])
      expect(house.builds.require(id)).toMatchObject({ state: 'failed', error: { code: 'interrupted' } })
    expectNothingLeft()
  })

  it('leaves nothing wherever control is killed', async () => {
    let boundary = 1
    for (; ; boundary++) {
      const died = house.world.dieAt(boundary)
      const { id } = await submit()
      const survived = await Promise.race([builder.idle().then(() => true), died.then(() => false)])
      house.world.live()
      if (survived && house.builds.require(id).state === 'succeeded') break
      house.kill()
      await house.open()
      builder = makeBuilder()
      await builder.start()
      const record = house.builds.require(id)
      expect(record.state === 'succeeded' || record.error?.code === 'interrupted').toBe(true)
      for (const { id: environment } of house.queries.living()) await house.until(environment, 'deleted')
      await builder.idle()
      expectNothingLeft()
    }
    expect(boundary).toBeGreaterThan(15)
  })
})
