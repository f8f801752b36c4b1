import type { EnvironmentState } from '@standin/client'
import type { PluginContext } from '@standin/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MapStore } from './fixtures/map-store.ts'
import { SimulatedControl } from './fixtures/simulated-control.ts'
import { quietTimes, useByLog } from './fixtures/use-by-log.ts'
import { metering } from './metering.ts'
import { sumUp } from './sum-up.ts'
import { minuteMs, type UsageLine } from './usage-span.ts'

const config = { timeZone: 'Europe/Berlin', defaultSize: { cpus: 1, memory: '1g' }, keepMonths: 13 }
const { signal } = new AbortController()
const call = { signal }
const begin = Date.parse('2026-10-24T17:03:20Z')

/** The host's side of the contract: at least once, in order, from where the plugin stopped. */
class Delivered {
  readonly control: SimulatedControl
  readonly store = new MapStore()
  readonly logged: string[] = []
  #cursor: number | undefined
  #usage: ReturnType<typeof metering> | undefined

  constructor(control: SimulatedControl) {
    this.control = control
  }

  get ledger() {
    return this.#running.ledger
  }

  async start(): Promise<void> {
    const log = { debug() {}, info() {}, warn: (_: object, line: string) => void this.logged.push(line), error() {} }
    const clock = { now: () => this.control.now, sleep: async () => {} }
    this.#usage = metering({ client: this.control.client, clock, log, store: this.store } as unknown as PluginContext, config)
    this.#cursor ??= this.control.first - 1
    await this.#usage.hooks.start(signal)
  }

  /** So many more, or none where it dies in between; then it is started again. */
  async deliver(count: number): Promise<void> {
    const { hooks } = this.#running
    try {
      for (let left = count; left > 0 && this.#at < this.control.last; left--) {
        if (this.#at + 1 < this.control.first) {
          const to = this.control.first - 1
          await hooks.onEventsLost({ from: this.#at + 1, to }, call)
          this.#cursor = to
        }
        const event = this.control.events[this.#at]
        if (event === undefined) return
        if (hooks.eventTypes.includes(event.type)) await hooks.onEvent(event, call)
        this.#cursor = event.seq
      }
    } catch (error) {
      // The same event comes again.
      if ((error as Error).message === 'unheard') return
      if (!(error as Error).message.startsWith('died')) throw error
      await this.start()
    }
  }

  /** What was delivered comes again; what is lost and was not said to be is still to be said. */
  goBack(count: number): void {
    this.#cursor = Math.max(Math.min(this.control.first - 1, this.#at), this.#at - count)
  }

  /** Months that are closed stay what they were. */
  async close(): Promise<void> {
    const run = { id: 1, schedule: 'close', dueAt: 0, attempt: 1, late: false, signal, print() {} }
    const before = await this.#months()
    try {
      await this.#running.hooks.schedules[0]?.run(run)
    } catch (error) {
      if (!/^(died|unheard)/.test((error as Error).message)) throw error
      await this.start()
    }
    expect((await this.#months()).slice(0, before.length)).toEqual(before)
  }

  async #months() {
    const months = []
    for (const month of await this.ledger.months()) {
      const lines: UsageLine[] = []
      for await (const line of this.ledger.lines(month.month)) lines.push(line)
      months.push({ month, lines })
    }
    return months
  }

  get #at(): number {
    return this.#cursor ?? 0
  }

  get #running() {
    if (this.#usage === undefined) throw new Error('it was not started')
    return this.#usage
  }
}

type Act = (control: SimulatedControl, delivered: Delivered) => void | Promise<void>

/** Something that happens, under a name that a failure can be read by. */
class Step {
  readonly run: Act
  readonly #name: string

  constructor(name: string, run: Act) {
    this.#name = name
    this.run = run
  }

  [fc.toStringMethod](): string {
    return this.#name
  }
}

const states: readonly EnvironmentState[] = [
  ...(['running', 'suspending', 'suspended', 'resuming', 'starting', 'stopping', 'stopped', 'failed'] as const),
  ...(['snapshotting', 'deleting', 'deleted'] as const),
]
const pick = (control: SimulatedControl, at: number) => control.living[at % Math.max(1, control.living.length)]
const onSome = (name: string, act: (control: SimulatedControl, id: number) => void) =>
  fc.nat(9).map((at) => {
    return new Step(`${name} ${at}`, (control) => {
      const id = pick(control, at)
      if (id !== undefined) act(control, id)
    })
  })
const later = (most: number, unitMs: number) =>
  fc.integer({ min: 1, max: most }).map((n) => new Step(`+${n * unitMs} ms`, (control) => control.wait(n * unitMs)))
const sizes = { cpus: fc.constantFrom(null, 0.5, 2, 3.5), instances: fc.integer({ min: 1, max: 3 }), owner: fc.constantFrom('ann', 'bob') }
const world: fc.WeightedArbitrary<Step>[] = [
  { weight: 4, arbitrary: later(90_000, 1) },
  { weight: 4, arbitrary: later(40, minuteMs) },
  { weight: 2, arbitrary: later(90, 10 * minuteMs) },
  { weight: 1, arbitrary: later(25, 24 * 60 * minuteMs) },
  {
    weight: 2,
    arbitrary: fc.record(sizes).map(({ cpus, instances, owner }) => {
      return new Step(`create ${cpus} x ${instances} of ${owner}`, (control) => void control.create('shop', owner, cpus, instances))
    }),
  },
  { weight: 1, arbitrary: fc.constant(new Step('attach', (control) => void control.create('far', 'ann', 1, 1, 'attach'))) },
  { weight: 8, arbitrary: fc.constantFrom(...states).chain((to) => onSome(`become ${to}`, (control, id) => control.become(id, to))) },
  { weight: 1, arbitrary: onSome('nudge', (control, id) => control.nudge(id)) },
  { weight: 2, arbitrary: fc.nat(5).chain((n) => onSome(`fill ${n}`, (control, id) => control.edit(id, { storageBytes: n * 3_000_000 }))) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('ann', 'bob', 'cy').chain((owner) => onSome(`give ${owner}`, (control, id) => control.edit(id, { owner }))),
  },
  {
    weight: 1,
    arbitrary: fc
      .nat(3)
      .chain((n) => onSome(`label ${n}`, (control, id) => control.edit(id, { name: `n${n}`, labels: { project: `p${n}` } }))),
  },
  { weight: 1, arbitrary: onSome('purge', (control, id) => control.purge(id)) },
  { weight: 1, arbitrary: fc.nat(3).map((n) => new Step(`bake ${n}`, (control) => control.bake(`shop@${control.last}`, n * 5_000_000))) },
]
const counted = (name: string, act: (delivered: Delivered, n: number) => void | Promise<void>) =>
  fc.integer({ min: 1, max: 12 }).map((n) => new Step(`${name} ${n}`, (_, delivered) => act(delivered, n)))
const host: fc.WeightedArbitrary<Step>[] = [
  { weight: 6, arbitrary: counted('deliver', (delivered, n) => delivered.deliver(n)) },
  { weight: 1, arbitrary: counted('go back', (delivered, n) => delivered.goBack(n)) },
  { weight: 1, arbitrary: fc.constant(new Step('restart', (_, delivered) => delivered.start())) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('before' as const, 'after' as const, 'unheard' as const)
      .map((when) => new Step(`die ${when} a write`, (_, { store }) => store.dieAtNext(when))),
  },
  { weight: 2, arbitrary: fc.constant(new Step('close', (_, delivered) => delivered.close())) },
]
const loses: fc.WeightedArbitrary<Step> = {
  weight: 5,
  arbitrary: fc.nat(8).map((kept) => new Step(`prune but ${kept}`, (control) => control.prune(kept))),
}

const steps = (...of: fc.WeightedArbitrary<Step>[]) => fc.array(fc.oneof(...of), { minLength: 1, maxLength: 80 })

const create = new Step('create', (control) => void control.create('shop', 'ann', null, 1))
const wait = (ms: number) => new Step(`+${ms} ms`, (control) => control.wait(ms))
const become = (state: EnvironmentState) => new Step(`become ${state}`, (control) => control.become(1001, state))
const purge = new Step('purge', (control) => control.purge(1001))
const nudge = new Step('nudge', (control) => control.nudge(pick(control, 0) as number))
const prune = (kept: number) => new Step(`prune but ${kept}`, (control) => control.prune(kept))
const deliver = new Step('deliver', (_, delivered) => delivered.deliver(1))
const die = new Step('die', (_, { store }) => store.dieAtNext('after'))
const close = new Step('close', (_, delivered) => delivered.close())

/** What this property once was wrong for. */
const found: [Step[], Step[]][] = [
  // A gap that is told again after a death, and is longer by then.
  [
    [create, nudge],
    [prune(0), wait(60_000), create, die, deliver, prune(0), nudge],
  ],
  // What is unsure changed its state before the gap, which took the event that said from what.
  [
    [create, nudge, wait(40_000), create, become('running')],
    [deliver, deliver, prune(0), nudge],
  ],
  // A month closes before the host tells that events of it are lost.
  [
    [create, wait(8 * 24 * 60 * minuteMs), purge, create],
    [prune(0), close, nudge],
  ],
  // What is unsure changes its state within the gap, and is gone after it.
  [
    [create, become('snapshotting'), wait(minuteMs), become('running')],
    [purge, prune(2)],
  ],
]

/** By environment: SVMs, MiB and owner of each minute, as the spans have it. @throws where two of them overlap */
async function billed(delivered: Delivered, from: number, to: number) {
  const minutes = new Map<number, Map<number, { svms: number; mebibytes: number; owner: string }>>()
  for await (const span of delivered.ledger.spans({ from, to })) {
    expect(span.to).not.toBeNull()
    expect([span.from % minuteMs, (span.to ?? 1) % minuteMs]).toEqual([0, 0])
    expect(span.to).toBeGreaterThan(span.from)
    if (span.environment === null) continue
    const of = minutes.get(span.environment) ?? new Map()
    minutes.set(span.environment, of)
    for (let at = span.from; at < (span.to ?? at); at += minuteMs) {
      if (of.has(at / minuteMs)) throw new Error(`minute ${new Date(at).toISOString()} of ${span.environment} is billed twice`)
      of.set(at / minuteMs, { svms: span.svms, mebibytes: span.storageBytes / 2 ** 20, owner: span.owner })
    }
  }
  return minutes
}

const iso = (minute: number) => new Date(minute * minuteMs).toISOString()

/** Where one minute can be told from another: in months before that, only days can. */
async function exactFrom(delivered: Delivered): Promise<number> {
  const last = (await delivered.ledger.months()).at(-1)
  const at = new Date(last?.from ?? begin)
  return Math.max(Math.floor(begin / minuteMs), Date.UTC(at.getUTCFullYear(), at.getUTCMonth()) / minuteMs)
}

async function expectExact(control: SimulatedControl, delivered: Delivered): Promise<void> {
  const minutes = await billed(delivered, 0, control.now)
  const [from, to] = [await exactFrom(delivered), Math.floor(control.now / minuteMs)]
  for (const id of control.environments.keys()) {
    for (const [first, end] of quietTimes(control.events, from, to)) {
      const { svms, mebibytes, owner } = useByLog(control.events, id, first)
      for (let minute = first; minute < end; minute++) {
        const bill = minutes.get(id)?.get(minute) ?? { svms: 0, mebibytes: 0, owner: '' }
        if (bill.svms === svms && bill.mebibytes === mebibytes && bill.owner === owner) continue
        const told = `${id} at ${iso(minute)}`
        expect({ told, ...bill }).toEqual({ told, svms, mebibytes, owner })
      }
    }
  }
}

/** What is written of a month is what the log says of it, and what is left of its details says the same. */
async function expectMonths(control: SimulatedControl, delivered: Delivered): Promise<void> {
  let before: number | null = null
  for (const { month, from, to, svmMinutes } of await delivered.ledger.months()) {
    if (before !== null) expect(from).toBe(before)
    before = to
    const lines: UsageLine[] = []
    for await (const line of delivered.ledger.lines(month)) if (line.environment !== null) lines.push(line)
    const expected = [...control.environments.keys()].map((id) => {
      let sum = { svmMinutes: 0, storageMinutes: 0 }
      for (const [first, end] of quietTimes(control.events, from / minuteMs, to / minuteMs)) {
        const { svms, mebibytes } = useByLog(control.events, id, first)
        const length = end - first
        sum = { svmMinutes: sum.svmMinutes + length * svms, storageMinutes: sum.storageMinutes + length * mebibytes }
      }
      return { id, ...sum }
    })
    const sumOf = (all: readonly UsageLine[], id: number) => {
      const own = all.filter(({ environment }) => environment === id)
      const storageMinutes = Math.round(own.reduce((sum, line) => sum + line.storageMinutes, 0))
      return { id, svmMinutes: own.reduce((sum, line) => sum + line.svmMinutes, 0), storageMinutes }
    }
    expect(expected.map(({ id }) => sumOf(lines, id))).toEqual(expected)
    expect(svmMinutes).toBe(expected.reduce((sum, each) => sum + each.svmMinutes, 0))
    const details = await sumUp(delivered.ledger.spans({ from, to }))
    expect(expected.map(({ id }) => sumOf(details, id))).toEqual(expected)
  }
}

describe('metering', { timeout: 60_000 }, () => {
  it('bills the minutes that ran, whatever comes twice, dies or starts anew, and wherever metering begins in the log', async () => {
    const sample = fc.asyncProperty(steps(...world), steps(...world, ...host), async (before, steps) => {
      const control = new SimulatedControl(begin)
      const delivered = new Delivered(control)
      for (const step of before) await step.run(control, delivered)
      await delivered.start()
      for (const step of steps) await step.run(control, delivered)
      delivered.store.dieAtNext(null)
      await delivered.deliver(Number.POSITIVE_INFINITY)
      await expectExact(control, delivered)
      await delivered.start()
      await expectExact(control, delivered)
      await delivered.close()
      await expectMonths(control, delivered)
      await expectExact(control, delivered)
    })
    await fc.assert(sample, { numRuns: 100 })
  })

  it('bills nothing that did not run where events are lost, and everything before and after', async () => {
    const sample = fc.asyncProperty(steps(...world, loses), steps(...world, ...host, loses), async (before, steps) => {
      const control = new SimulatedControl(begin)
      const delivered = new Delivered(control)
      for (const step of before) await step.run(control, delivered)
      await delivered.start()
      for (const step of steps) await step.run(control, delivered)
      delivered.store.dieAtNext(null)
      await delivered.deliver(Number.POSITIVE_INFINITY)
      const minutes = await billed(delivered, 0, control.now)
      const gaps = await delivered.ledger.gaps()
      const from = Math.max(await exactFrom(delivered), (delivered.ledger.since ?? 0) / minuteMs)
      for (const id of control.environments.keys()) {
        if (delivered.logged.some((line) => line.startsWith(`environment ${id} was purged before it was known`))) continue
        for (const [first, end] of quietTimes(control.events, from, Math.floor(control.now / minuteMs))) {
          const { svms } = useByLog(control.events, id, first)
          for (let minute = first; minute < end; minute++) {
            const bill = minutes.get(id)?.get(minute)?.svms ?? 0
            if (bill === svms) continue
            const inGap = gaps.some((gap) => minute >= Math.floor(gap.from / minuteMs) && minute < Math.floor(gap.to / minuteMs))
            if (inGap && bill < svms) continue
            expect(`${bill} of ${id} at ${iso(minute)}`).toBe(`${svms}, gaps: ${JSON.stringify(gaps)}`)
          }
        }
      }
    })
    await fc.assert(sample, { numRuns: 100, examples: found })
  })
})
