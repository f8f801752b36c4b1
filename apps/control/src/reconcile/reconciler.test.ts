import { StandinError } from '@standin/client'
import { attachServices } from '@standin/providers/attach'
import { describe, expect, it } from 'vitest'
import { House, someone } from '../fixtures/house.ts'
import type { EnvironmentRecord } from '../store/environment-record.ts'

function instancesOf(record: EnvironmentRecord): string[] {
  return record.instances.map((instance) => `${instance.name} ${instance.state}`)
}

describe('Reconciler', () => {
  it('creates, launches and starts a clone, each launch step once', async () => {
    await using house = await House.build(['neutralise mail', 'neutralise cron'])
    await house.open()
    const id = house.clone()
    expect(id).toBe(1001)
    await house.until(id, 'running')
    house.environments.want(id, 'stopped', someone)
    await house.until(id, 'stopped')
    house.environments.want(id, 'running', someone)
    await house.until(id, 'running')
    expect(house.world.calls.filter((call) => call.startsWith('step'))).toEqual(['step neutralise mail 1001', 'step neutralise cron 1001'])
    expect(instancesOf(house.environments.require(id))).toEqual(['db-1 running', 'web-1 running', 'web-2 running'])
    expect(house.environments.require(id).reason).toMatchObject(someone)
  })

  it('suspends and resumes', async () => {
    await using house = await House.build()
    await house.open()
    const id = house.clone()
    await house.until(id, 'running')
    house.environments.want(id, 'suspended', { actor: 'plugin:suspend', message: 'idle for 30m' })
    await house.until(id, 'suspended')
    expect(house.environments.require(id).reason).toMatchObject({ actor: 'plugin:suspend', message: 'idle for 30m' })
    house.environments.want(id, 'running', someone)
    await house.until(id, 'running')
    expect(house.world.calls).toEqual(['create 1001', 'start 1001', 'suspend 1001', 'resume 1001'])
  })

  it('keeps a clone whose launch step fails from running, and stops its hosts', async () => {
    await using house = await House.build(['neutralise'])
    house.world.stepResults.set('neutralise', { exitCode: 3, tail: ['no mail server found'] })
    await house.open()
    const id = house.clone()
    await house.until(id, 'failed')
    const { reason, state } = house.environments.require(id)
    expect(reason.code).toBe('launch_failed')
    expect(reason.message).toContain('no mail server found')
    expect(reason.message).toContain('exit code 3')
    expect(state).toBe('failed')
    expect(house.world.environments.get(id)?.up.size).toBe(0)
    expect(house.events.list({ environment: id, limit: 1000 }).some((event) => event.state === 'running')).toBe(false)

    house.world.stepResults.clear()
    house.environments.want(id, 'running', someone)
    await house.until(id, 'running')
  })

  it('tries again what may pass, and says why it gave up on the rest', async () => {
    await using house = await House.build()
    await house.open()
    house.world.fail('create', new StandinError('provider_failed', 'the daemon is restarting'))
    const passing = house.clone()
    await house.until(passing, 'running')

    house.world.fail('start', new StandinError('health_timeout', 'host web of environment 1002 never answered'))
    const failing = house.clone()
    await house.until(failing, 'failed')
    expect(house.environments.require(failing).reason).toMatchObject({
      actor: 'provider:memory',
      code: 'health_timeout',
      message: 'host web of environment 1002 never answered',
    })
    for (let attempt = 0; attempt < 3; attempt += 1) house.world.fail('create', new StandinError('provider_failed', 'no daemon'))
    const exhausted = house.clone()
    await house.until(exhausted, 'failed')
    expect(house.environments.require(exhausted).reason.code).toBe('provider_failed')
  })

  it('notices a host that ends by itself', async () => {
    await using house = await House.build()
    await house.open()
    const id = house.clone()
    await house.until(id, 'running')
    house.world.exit(id, 'web')
    house.reconciler.kick(id)
    await house.until(id, 'failed')
    expect(house.environments.require(id).reason.code).toBe('host_failed')
  })

  it('ends a start early when it is deleted meanwhile', async () => {
    await using house = await House.build()
    await house.open()
    const { reached } = house.world.hold('start')
    const id = house.clone()
    await reached
    house.environments.want(id, 'deleted', someone, { purge: true })
    await house.until(id, 'deleted')
    expect(house.world.environments.size).toBe(0)
    expect(house.environments.require(id).purgedAt).not.toBeNull()
  })

  it('finishes a launch before it suspends', async () => {
    await using house = await House.build(['neutralise'])
    await house.open()
    const { reached, release } = house.world.hold('run')
    const id = house.clone()
    await reached
    house.environments.want(id, 'suspended', someone)
    release()
    await house.until(id, 'suspended')
    expect(house.environments.require(id).launched).toBe(1)
  })

  it('moves what is deleted to the trash and back to what it was wanted to be', async () => {
    await using house = await House.build()
    await house.open()
    const id = house.clone()
    await house.until(id, 'running')
    house.environments.want(id, 'deleted', someone)
    await house.until(id, 'deleted')
    expect(house.world.environments.get(id)?.state).toBe('trashed')
    expect(house.environments.require(id).purgeAt).toBe(house.time + 24 * 3_600_000)
    house.environments.undelete(id, someone)
    await house.until(id, 'running')
    expect(house.environments.require(id).purgeAt).toBeNull()
  })

  it('undeletes also while it is on its way to the trash', async () => {
    await using house = await House.build()
    await house.open()
    const id = house.clone()
    await house.until(id, 'running')
    const { reached, release } = house.world.hold('trash')
    house.environments.want(id, 'deleted', someone)
    await reached
    house.environments.undelete(id, someone)
    release()
    await house.until(id, 'running')
  })

  it('never sets a date to purge what was undeleted on its way to the trash, not even when it can not be restored', async () => {
    await using house = await House.build()
    await house.open()
    const id = house.clone()
    await house.until(id, 'running')
    const { reached, release } = house.world.hold('trash')
    house.environments.want(id, 'deleted', someone)
    await reached
    house.environments.undelete(id, someone)
    house.world.fail('restore', new StandinError('disk_full', 'no space is left'))
    release()
    await house.until(id, 'failed')
    expect(house.environments.require(id)).toMatchObject({ desired: 'running', purgeAt: null })
    expect(house.queries.nextDeadline()).toBeNull()
    expect(house.queries.dueAt(house.time + 48 * 3_600_000).purgeable).toEqual([])

    house.environments.want(id, 'running', someone)
    await house.until(id, 'running')
    expect(house.world.environments.get(id)?.state).toBe('running')
  })

  it('purges nothing that is not wanted deleted, whatever date it bears', async () => {
    await using house = await House.build()
    await house.open()
    const id = house.clone()
    await house.until(id, 'running')
    house.db.sqlite.prepare('update environments set purge_at = ? where id = ?').run(house.time - 1, id)
    expect(house.queries.nextDeadline()).toBeNull()
    expect(house.queries.dueAt(house.time).purgeable).toEqual([])
    house.environments.want(id, 'stopped', someone)
    expect(house.environments.require(id).purgeAt).toBeNull()
    await house.until(id, 'stopped')
  })

  it.each([
    ['into the trash', 'trash', false, new StandinError('provider_failed', 'a mount is busy')],
    ['for good', 'purge', true, new StandinError('provider_failed', 'a mount is busy')],
    ['for good', 'purge', true, new StandinError('disk_full', 'no space is left')],
  ] as const)('goes on deleting %s what could not be deleted, however often that fails (%s, %s: %s)', async (_, call, purge, error) => {
    await using house = await House.build()
    await house.open()
    const id = house.clone()
    await house.until(id, 'running')
    const often = 20
    for (let attempt = 0; attempt < often; attempt += 1) house.world.fail(call, error)
    house.environments.want(id, 'deleted', someone, { purge })
    await house.until(id, 'failed')
    await house.until(id, 'deleted')
    expect(house.world.environments.get(id)?.state).toBe(purge ? undefined : 'trashed')
  })

  it('deletes at its start what could not be deleted before', async () => {
    await using house = await House.build()
    await house.open()
    const id = house.clone()
    await house.until(id, 'running')
    // Nothing but the start may try again.
    house.slowRetries = { firstMs: 1_000_000, mostMs: 1_000_000 }
    house.kill()
    await house.open()
    for (let attempt = 0; attempt < 3; attempt += 1) house.world.fail('purge', new StandinError('provider_failed', 'a mount is busy'))
    house.environments.want(id, 'deleted', someone, { purge: true })
    await house.until(id, 'failed')
    house.kill()
    await house.open()
    await house.until(id, 'deleted')
    expect(house.world.environments.size).toBe(0)
  })

  it('adopts what runs, and starts again what a restart of the machine ended', async () => {
    await using house = await House.build()
    await house.open()
    const [running, suspended] = [house.clone(), house.clone()]
    await house.until(running, 'running')
    await house.until(suspended, 'running')
    house.environments.want(suspended, 'suspended', someone)
    await house.until(suspended, 'suspended')

    house.kill()
    const before = house.world.calls.length
    await house.open()
    expect(house.world.calls.length).toBe(before)

    house.kill()
    house.world.restart()
    await house.open()
    await house.reconciler.settled(running)
    expect(house.environments.require(running).state).toBe('running')
    expect(house.world.environments.get(suspended)?.state).toBe('stopped')
    expect(house.environments.require(suspended).state).toBe('suspended')
    house.environments.want(suspended, 'running', someone)
    await house.until(suspended, 'running')
  })

  it('says so when files are gone, rather than making new ones', async () => {
    await using house = await House.build()
    await house.open()
    const id = house.clone()
    await house.until(id, 'running')
    house.kill()
    house.world.environments.clear()
    await house.open()
    await house.until(id, 'failed')
    expect(house.environments.require(id).reason.message).toContain('are gone')
  })

  it('purges what the store deleted and what it does not know, if the id is one of its own', async () => {
    await using house = await House.build()
    await house.open()
    const id = house.clone()
    await house.until(id, 'running')
    const left = house.world.environments.get(id)
    house.environments.want(id, 'deleted', someone, { purge: true })
    await house.until(id, 'deleted')
    house.kill()
    if (left === undefined) throw new Error('it was there')
    house.world.environments.set(id, { ...left, state: 'stopped' })
    house.world.environments.set(9999, { ...left, state: 'stopped' })
    house.world.snapshots.set('build-1', left.spec)
    house.world.snapshots.set('somebody-else', left.spec)
    house.templates.delete(house.templates.resolve('shop'), [], 'token:test')
    await house.open()
    await house.reconciler.settled(id)
    expect([...house.world.environments.keys()]).toEqual([9999])
    expect([...house.world.snapshots.keys()]).toEqual(['somebody-else'])
  })

  it('ends builds that a crash interrupted, with their environments', async () => {
    await using house = await House.build()
    const build = house.builds.insert({ name: 'shop', actor: 'token:test', options: {} })
    const clone = house.environments.require(house.clone())
    const environment = house.environments.insert(
      {
        ...clone,
        name: 'build-2',
        namePrefix: '',
        kind: 'build',
        template: null,
        source: { kind: 'blueprint', dir: '/x' },
        stack: null,
        hosts: [],
      },
      someone,
    )
    house.builds.update(build.id, { state: 'running', environment: environment.id }, null)
    await house.open()
    await house.until(environment.id, 'deleted')
    expect(house.builds.require(build.id)).toMatchObject({ state: 'failed', error: { code: 'interrupted' } })
    expect(house.environments.require(environment.id).purgedAt).not.toBeNull()
  })

  it('takes attachments in, replaces their endpoints without a gap, and out of the pool', async () => {
    await using house = await House.build()
    await house.open()
    const clone = house.environments.require(house.clone())
    const services = attachServices([{ name: 'www', endpoints: ['127.0.0.1:9000'] }], [], 1)
    const { id } = house.environments.insert(
      {
        ...clone,
        name: 'api',
        namePrefix: '',
        kind: 'attachment',
        provider: 'attach',
        template: null,
        stack: null,
        hosts: [],
        source: { kind: 'attachment', services },
      },
      someone,
    )
    await house.until(id, 'running')
    expect(instancesOf(house.environments.require(id))).toEqual(['www-1 running'])
    house.environments.want(id, 'stopped', someone)
    await house.until(id, 'stopped')
    expect(instancesOf(house.environments.require(id))).toEqual(['www-1 pending'])
  })
})

describe('Reconciler, killed between any two steps', () => {
  const ways: Record<string, (house: House, id: number) => void> = {
    up: () => {},
    suspend: (house, id) => house.environments.want(id, 'suspended', someone),
    stop: (house, id) => house.environments.want(id, 'stopped', someone),
    trash: (house, id) => house.environments.want(id, 'deleted', someone),
    purge: (house, id) => house.environments.want(id, 'deleted', someone, { purge: true }),
    undelete: (house, id) => {
      house.environments.want(id, 'deleted', someone)
      house.environments.undelete(id, someone)
    },
  }
  const endings: Record<string, [state: string, world: string | undefined]> = {
    up: ['running', 'running'],
    suspend: ['suspended', 'suspended'],
    stop: ['stopped', 'stopped'],
    trash: ['deleted', 'trashed'],
    purge: ['deleted', undefined],
    undelete: ['running', 'running'],
  }

  it.each(Object.keys(ways))('%s ends as it was wanted', async (way) => {
    for (let boundary = 1; ; boundary += 1) {
      await using house = await House.build(['neutralise'])
      await house.open()
      if (way === 'up') {
        const died = house.world.dieAt(boundary)
        const id = house.clone()
        if (!(await Promise.race([died.then(() => true), house.until(id, 'running').then(() => false)]))) break
      } else {
        const id = house.clone()
        await house.until(id, 'running')
        const died = house.world.dieAt(boundary)
        ways[way]?.(house, id)
        if (!(await Promise.race([died.then(() => true), house.reconciler.settled(id).then(() => false)]))) break
      }
      house.world.live()
      house.kill()
      await house.open()
      const [state, world] = endings[way] ?? []
      await house.until(1001, state as string)
      expect(house.world.environments.get(1001)?.state).toBe(world)
      const steps = house.world.calls.filter((call) => call.startsWith('step'))
      // A step that control did not live to see the end of is run again; none is left out.
      expect(steps.length).toBeGreaterThanOrEqual(1)
      expect(steps.length).toBeLessThanOrEqual(2)
      expect(boundary).toBeLessThan(100)
    }
  })
})
