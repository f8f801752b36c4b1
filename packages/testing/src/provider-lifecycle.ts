import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EnvironmentSpec, Observed, Provider, ProviderHandle } from '@standin/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

export interface LifecycleSubject<C> {
  readonly provider: Provider<C>
  readonly config: C
  /** Something that it can create. */
  spec(id: number): EnvironmentSpec
}

/**
 * The part of the conformance suite that asks nothing of hosts: what holds for every provider, one that runs no process
 * too. `describeProviderConformance` goes on where there are hosts.
 */
export function describeProviderLifecycle<C>(name: string, subject: LifecycleSubject<C>): void {
  describe(`Provider ${name}: lifecycle`, () => {
    let dataDir: string
    let handle: ProviderHandle

    const open = async () => {
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      handle = await subject.provider.open({ dataDir, hiddenDirs: [], domain: 'test', log, now: Date.now }, subject.config)
    }
    const state = async (id: number) => (await handle.observe(id)).state
    const listed = async () => (await handle.list()).map((observed) => `${observed.id} ${observed.state}`).sort()

    beforeEach(async () => {
      dataDir = await mkdtemp(join(tmpdir(), 'standin-lifecycle-'))
      await open()
    })
    afterEach(async () => {
      for (const { id } of await handle.list()) await handle.purge(id)
      await handle.close()
      await rm(dataDir, { recursive: true, force: true })
    })

    it('knows nothing of what was never created, and lets it be purged', async () => {
      expect(await handle.observe(1001)).toEqual({ id: 1001, state: 'absent', instances: [], failure: null })
      await handle.purge(1001)
      await expect(handle.start(1001)).rejects.toMatchObject({ code: 'environment_not_found' })
      expect(await listed()).toEqual([])
    })

    it('can be asked for everything twice', async () => {
      for (const _ of [1, 2]) expect((await handle.create(subject.spec(1001))).state).toBe('created')
      for (const _ of [1, 2]) expect((await handle.start(1001)).state).toBe('running')
      for (const _ of [1, 2]) expect((await handle.stop(1001)).state).toBe('stopped')
      for (const _ of [1, 2]) await handle.trash(1001)
      expect(await state(1001)).toBe('trashed')
      for (const _ of [1, 2]) expect((await handle.restore(1001)).state).toBe('stopped')
      expect((await handle.start(1001)).state).toBe('running')
      for (const _ of [1, 2]) await handle.purge(1001)
      expect(await state(1001)).toBe('absent')
    })

    it('does not make what runs anew when it is created again', async () => {
      await handle.create(subject.spec(1001))
      const before = await handle.start(1001)
      const after = await handle.create(subject.spec(1001))
      expect(after.state).toBe('running')
      expect(after.instances.map((each) => each.generation)).toEqual(before.instances.map((each) => each.generation))
    })

    it('leaves nothing in its list after a purge, whatever it was before', async () => {
      for (const id of [1001, 1002, 1003, 1004]) await handle.create(subject.spec(id))
      for (const id of [1002, 1003, 1004]) await handle.start(id)
      for (const id of [1003, 1004]) await handle.stop(id)
      await handle.trash(1004)
      expect(await listed()).toEqual(['1001 created', '1002 running', '1003 stopped', '1004 trashed'])
      await handle.purge(1002)
      expect(await listed()).toEqual(['1001 created', '1003 stopped', '1004 trashed'])
      for (const id of [1001, 1003, 1004]) await handle.purge(id)
      expect(await listed()).toEqual([])
    })

    it('finds everything again after it was closed and opened', async () => {
      for (const id of [1001, 1002, 1003]) await handle.create(subject.spec(id))
      for (const id of [1002, 1003]) await handle.start(id)
      await handle.stop(1003)
      await handle.trash(1003)
      const running = await handle.observe(1002)
      await handle.close()
      await open()
      expect(await listed()).toEqual(['1001 created', '1002 running', '1003 trashed'])
      expect((await handle.observe(1002)).instances.map((each) => each.generation)).toEqual(
        running.instances.map((each) => each.generation),
      )
    })

    it('refuses to trash what runs', async () => {
      await handle.create(subject.spec(1001))
      await handle.start(1001)
      await expect(handle.trash(1001)).rejects.toMatchObject({ code: 'state_conflict' })
      expect(await state(1001)).toBe('running')
    })

    it('can be asked again after a call was aborted', async () => {
      await handle.create(subject.spec(1001))
      await handle.start(1001, { signal: AbortSignal.abort(new Error('superseded')) }).catch(() => {})
      expect((await handle.start(1001)).state).toBe('running')
    })

    it('tells of changes until nobody listens', async () => {
      await handle.create(subject.spec(1001))
      const seen: Observed[] = []
      const unsubscribe = handle.onChange((observed) => seen.push(observed))
      await handle.start(1001)
      await expect.poll(() => seen.at(-1)).toMatchObject({ id: 1001, state: 'running' })
      unsubscribe()
      const before = seen.length
      await handle.stop(1001)
      expect(seen.length).toBe(before)
    })

    it('does what it says it can, and refuses the rest', async () => {
      await handle.create(subject.spec(1001))
      await handle.start(1001)
      const refusal = { code: 'unsupported' }
      const can = handle.can
      if (can.suspend) {
        for (const _ of [1, 2]) expect((await handle.suspend(1001)).state).toBe('suspended')
        for (const _ of [1, 2]) expect((await handle.resume(1001)).state).toBe('running')
      } else {
        await expect(handle.suspend(1001)).rejects.toMatchObject(refusal)
        expect(await state(1001)).toBe('running')
      }
      if (can.storage) expect((await handle.storage(1001)).bytes).toBeGreaterThan(0)
      else await expect(handle.storage(1001)).rejects.toMatchObject(refusal)
      if (!can.stats) await expect(handle.stats(1001)).rejects.toMatchObject(refusal)
      if (!can.exec) await expect(handle.exec(1001, { host: 'www', command: ['true'] })).rejects.toMatchObject(refusal)
      if (!can.logs) await expect(handle.logs(1001, {})[Symbol.asyncIterator]().next()).rejects.toMatchObject(refusal)
      await handle.stop(1001)
      if (can.snapshot) {
        expect((await handle.snapshot(1001, 'build-1')).sizeBytes).toBeGreaterThan(0)
        expect(await handle.listSnapshots()).toEqual(['build-1'])
        for (const _ of [1, 2]) await handle.deleteSnapshot('build-1')
      } else {
        await expect(handle.snapshot(1001, 'build-1')).rejects.toMatchObject(refusal)
      }
      expect(await handle.listSnapshots()).toEqual([])
    })
  })
}
