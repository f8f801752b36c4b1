import { systemClock } from '@standin/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { House, someone } from '../fixtures/house.ts'
import { Deadlines } from './deadlines.ts'

const log = { debug() {}, info() {}, warn() {}, error: vi.fn() }
const day = 24 * 3_600_000

afterEach(() => log.error.mockClear())

async function build(): Promise<{ house: House; deadlines: Deadlines }> {
  const house = await House.build()
  await house.open()
  return {
    house,
    deadlines: new Deadlines(
      house.environments,
      house.queries,
      house.faults,
      house.events,
      { now: () => house.time, after: systemClock.after },
      log,
    ),
  }
}

describe('Deadlines', () => {
  it('empties the trash when its time is over, not before', async () => {
    const { house, deadlines } = await build()
    await using _ = house
    const id = house.clone()
    await house.until(id, 'running')
    house.environments.want(id, 'deleted', someone)
    await house.until(id, 'deleted')
    house.time += day - 1
    deadlines.work()
    await house.reconciler.settled(id)
    expect(house.world.environments.get(id)?.state).toBe('trashed')
    house.time += 1
    deadlines.work()
    await house.reconciler.settled(id)
    expect(house.world.environments.size).toBe(0)
    expect(house.environments.require(id)).toMatchObject({ state: 'deleted', purgedAt: house.time, purgeAt: null })
    deadlines.close()
  })

  it('waits for the next deadline alone, and learns of a sooner one', async () => {
    const { house, deadlines } = await build()
    await using _ = house
    deadlines.start()
    const id = house.clone()
    await house.until(id, 'running')
    house.environments.want(id, 'deleted', someone)
    await house.until(id, 'deleted')
    // Time that passes between two looks; the timer itself is real.
    house.time += day - 20
    deadlines.arm()
    await house.until(id, 'deleted')
    house.time += 20
    await expect.poll(() => house.environments.require(id).purgedAt).not.toBeNull()
    deadlines.close()
  })

  it('goes on when the store can not be written', async () => {
    const { house, deadlines } = await build()
    await using _ = house
    const id = house.clone()
    await house.until(id, 'running')
    house.environments.want(id, 'deleted', someone)
    await house.until(id, 'deleted')
    house.time += day
    const { sqlite } = house.db
    sqlite.pragma('query_only = on')
    deadlines.work()
    expect(log.error).toHaveBeenCalledOnce()
    sqlite.pragma('query_only = off')
    deadlines.work()
    await house.reconciler.settled(id)
    expect(house.environments.require(id).purgedAt).not.toBeNull()
    deadlines.close()
  })
})
