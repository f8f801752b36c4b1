import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { UsageRange, UsageSpan } from '../metering/usage-span.ts'
import { Prices } from '../rates/prices.ts'
import { wholeSight } from '../sight.ts'
import { Dimensions } from './dimensions.ts'
import { ReportJobs } from './report-jobs.ts'

const now = Date.parse('2026-11-21T12:00:00Z')
const context = { clock: { now: () => now, sleep: async () => {} }, log: { debug() {}, info() {}, warn() {}, error() {} } }
const span: UsageSpan = {
  ...{ environment: 1001, template: 'shop@1', name: 'e', owner: 'ann', labels: {}, svms: 1, storageBytes: 0 },
  ...{ from: now - 7_200_000, to: null },
}

/** A ledger that gives what it has once it is let. */
class SlowLedger {
  readonly gate = Promise.withResolvers<void>()
  given = 0
  fault: Error | null = null

  async *spans(_: UsageRange): AsyncGenerator<UsageSpan> {
    await this.gate.promise
    if (this.fault !== null) throw this.fault
    for (;;) {
      this.given += 1
      yield span
      if (this.given >= 3_000) return
      if (this.given % 100 === 0) await setImmediate()
    }
  }
}
const jobsOf = (ledger: SlowLedger) =>
  new ReportJobs(ledger, new Prices({ currency: 'EUR', svmHour: 1, gbHour: 0, changes: [] }, 'UTC'), new Dimensions([]), 'UTC', context)
const until = async (jobs: ReportJobs, id: string, state: string) => {
  for (let turn = 0; turn < 10_000 && jobs.get(id, wholeSight).state !== state; turn++) await setImmediate()
  return jobs.get(id, wholeSight)
}

describe('ReportJobs', () => {
  it('makes one after the other, and takes no more than ten that wait', async () => {
    const ledger = new SlowLedger()
    const jobs = jobsOf(ledger)
    const all = Array.from({ length: 11 }, () => jobs.create({ by: ['owner'] }, wholeSight))
    expect(all.map(({ id }) => jobs.get(id, wholeSight).state)).toEqual(['running', ...Array.from({ length: 10 }, () => 'queued')])
    expect(() => jobs.create({}, wholeSight)).toThrow(expect.objectContaining({ code: 'overloaded' }))
    ledger.gate.resolve()
    const { report } = await until(jobs, all.at(-1)?.id ?? '', 'done')
    expect(report?.total.svmHours).toBe('2.0000')
    expect(() => jobs.create({}, wholeSight)).not.toThrow()
  })

  it('forgets all but the last twenty', async () => {
    const ledger = new SlowLedger()
    ledger.gate.resolve()
    const jobs = jobsOf(ledger)
    const ids: string[] = []
    for (let n = 0; n < 22; n++) {
      const { id } = jobs.create({ by: ['owner'] }, wholeSight)
      ids.push(id)
      await until(jobs, id, 'done')
    }
    await setImmediate()
    const known = ids.map((id) => {
      try {
        return jobs.get(id, wholeSight).state
      } catch (error) {
        return (error as { code: string }).code
      }
    })
    expect(known).toEqual(['route_not_found', 'route_not_found', ...Array.from({ length: 20 }, () => 'done')])
  })

  it('stops what it makes when the plugin stops, or somebody deletes it', async () => {
    const ledger = new SlowLedger()
    const jobs = jobsOf(ledger)
    const [first, second, third] = [jobs.create({}, wholeSight), jobs.create({}, wholeSight), jobs.create({}, wholeSight)]
    jobs.delete(second.id, wholeSight)
    expect(() => jobs.get(second.id, wholeSight)).toThrow(expect.objectContaining({ code: 'route_not_found' }))
    jobs.stop()
    ledger.gate.resolve()
    for (let turn = 0; turn < 200; turn++) await setImmediate()
    expect([first.id, third.id].map((id) => [jobs.get(id, wholeSight).state, jobs.get(id, wholeSight).report])).toEqual([
      ['cancelled', null],
      ['cancelled', null],
    ])
    expect(ledger.given).toBeLessThan(3_000)
  })

  it('tells what went wrong, and goes on with the next', async () => {
    const ledger = new SlowLedger()
    ledger.fault = new Error('the store is gone')
    const jobs = jobsOf(ledger)
    const { id } = jobs.create({}, wholeSight)
    ledger.gate.resolve()
    expect((await until(jobs, id, 'failed')).error).toMatchObject({
      code: 'plugin_failed',
      detail: expect.stringContaining('the store is gone'),
    })
    ledger.fault = null
    await until(jobs, jobs.create({}, wholeSight).id, 'done')
  })
})
