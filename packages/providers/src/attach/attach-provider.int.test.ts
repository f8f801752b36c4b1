import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EnvironmentSpec, ProviderHandle } from '@standin/core'
import { describeProviderLifecycle } from '@standin/testing/provider-lifecycle'
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

  it('refuses endpoints of the platform, and what is not attached', async () => {
    await expect(handle.create(spec(1002, '127.0.0.1:7077'))).rejects.toMatchObject({ code: 'endpoint_refused' })
    await expect(handle.create({ ...spec(1003), source: { kind: 'template', key: 'x' } })).rejects.toMatchObject({ code: 'unsupported' })
  })
})

describeProviderLifecycle('attach', { provider: attachProvider, config: { reserved: [] }, spec: (id) => spec(id, '127.0.0.1:1') })
