import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EnvironmentSpec, ProviderHandle } from '@standin/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { attachProvider } from './attach-provider.ts'
import { attachServices } from './attached-services.ts'

let dataDir: string
let handle: ProviderHandle

const open = () =>
  attachProvider.open(
    { dataDir, hiddenDirs: [], domain: 'test', log: { debug() {}, info() {}, warn() {}, error() {} }, now: Date.now },
    { reserved: ['127.0.0.1:7077'] },
  )

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'standin-attach-'))
  handle = await open()
})
afterEach(async () => {
  await handle.close()
  rmSync(dataDir, { recursive: true, force: true })
})

function spec(id: number, ...endpoints: string[]): EnvironmentSpec {
  const services = attachServices([{ name: 'www', endpoints }], [], 1)
  const nothing = { hosts: [], volumes: [], secrets: [], publish: [], fixtures: [], checks: [], launch: [] }
  const phases = { provision: [], bootstrap: [], configure: [] }
  return {
    id,
    name: 'x',
    stack: { name: 'x', ...nothing, phases, suspendAfterMs: null, labels: {} },
    source: { kind: 'attachment', services },
  }
}

describe('attach provider', () => {
  it('can be asked for everything twice', async () => {
    for (const _ of [1, 2]) expect(await handle.create(spec(1001, '127.0.0.1:1'))).toMatchObject({ state: 'created' })
    for (const _ of [1, 2]) expect(await handle.start(1001)).toMatchObject({ state: 'running' })
    for (const _ of [1, 2]) expect(await handle.stop(1001)).toMatchObject({ state: 'stopped' })
    for (const _ of [1, 2]) await handle.trash(1001)
    expect(await handle.observe(1001)).toMatchObject({ state: 'trashed' })
    for (const _ of [1, 2]) expect(await handle.restore(1001)).toMatchObject({ state: 'stopped' })
    for (const _ of [1, 2]) await handle.purge(1001)
    expect(await handle.observe(1001)).toMatchObject({ state: 'absent', instances: [] })
    expect(await handle.list()).toEqual([])
  })

  it('knows after a restart what it knew, also behind a line that was torn', async () => {
    await handle.create(spec(1001, '127.0.0.1:1', '127.0.0.1:2'))
    await handle.start(1001)
    await handle.create(spec(1002, '127.0.0.1:3'))
    await handle.create(spec(1003, '127.0.0.1:4'))
    await handle.purge(1002)
    const before = await handle.list()
    await handle.close()
    appendFileSync(join(dataDir, 'attachments.jsonl'), '\n{"id":1003,"state":"runn')
    handle = await open()
    expect(await handle.list()).toEqual(before)
    expect(readFileSync(join(dataDir, 'attachments.jsonl'), 'utf8').trim().split('\n').length).toBe(2)
    await handle.start(1003)
    await handle.close()
    handle = await open()
    expect(await handle.observe(1003)).toMatchObject({ state: 'running' })
  })

  it('replaces endpoints where it runs, and tells of it', async () => {
    await handle.create(spec(1001, '127.0.0.1:1'))
    await handle.start(1001)
    const seen: number[] = []
    handle.onChange((observed) => seen.push(observed.instances.length))
    expect(await handle.create(spec(1001, '127.0.0.1:2', '127.0.0.1:3'))).toMatchObject({ state: 'running' })
    expect(seen).toEqual([2])
  })

  it('refuses what it can not do', async () => {
    await handle.create(spec(1001, '127.0.0.1:1'))
    await handle.start(1001)
    await expect(handle.suspend(1001)).rejects.toMatchObject({ code: 'unsupported' })
    await expect(handle.trash(1001)).rejects.toMatchObject({ code: 'state_conflict' })
    await expect(handle.start(4711)).rejects.toMatchObject({ code: 'environment_not_found' })
    await expect(handle.create(spec(1002, '127.0.0.1:7077'))).rejects.toMatchObject({ code: 'endpoint_refused' })
    await expect(handle.create({ ...spec(1003), source: { kind: 'template', key: 'x' } })).rejects.toMatchObject({ code: 'unsupported' })
    await expect(async () => {
      for await (const line of handle.logs(1001, {})) expect(line).toBeUndefined()
    }).rejects.toMatchObject({ code: 'unsupported' })
  })
})
