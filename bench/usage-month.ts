import { BoundedStore } from '../apps/control/src/plugins/plugin-store.ts'
import { Turns } from '../apps/control/src/plugins/turns.ts'
import { openDatabase } from '../apps/control/src/store/database.ts'
import { PluginValues } from '../apps/control/src/store/plugin-values.ts'
import type { PluginContext, ScheduledRun } from '../packages/core/src/plugin.ts'
import { type AccountPatch, changeAccount, openAccount } from '../packages/plugins/src/usage/metering/account.ts'
import { Book, keyOf } from '../packages/plugins/src/usage/metering/book.ts'
import { SimulatedControl } from '../packages/plugins/src/usage/metering/fixtures/simulated-control.ts'
import { metering } from '../packages/plugins/src/usage/metering/metering.ts'
import type { Page } from '../packages/plugins/src/usage/metering/page.ts'
import { EnvironmentCosts } from '../packages/plugins/src/usage/rates/environment-costs.ts'
import { Prices } from '../packages/plugins/src/usage/rates/prices.ts'
import { Dimensions } from '../packages/plugins/src/usage/reports/dimensions.ts'
import { makeReport } from '../packages/plugins/src/usage/reports/report.ts'
import { planReport } from '../packages/plugins/src/usage/reports/report-request.ts'
import { reportCsv } from '../packages/plugins/src/usage/reports/report-text.ts'

/**
 * CPU that usage needs for months of ten thousand environments, each suspended every evening, resumed every morning, measured
 * every week and given other labels once a month: to read a month, to report on it, to close it, to make old ones smaller, to start anew. The
 * store is that of control, in memory.
 */
const count = 10_000
const day = 86_400_000
const minute = 60_000
const { signal } = new AbortController()
const values = new PluginValues(await openDatabase(':memory:'))
const store = new BoundedStore('usage', values, new Turns({ burst: 1e9, perSecond: 1e9 }), signal)
const control = new SimulatedControl(Date.parse('2026-11-01T00:00:00Z'))
const usage = async (kept = store) => {
  const log = { debug() {}, info() {}, warn: console.warn, error: console.error }
  const context = { client: control.client, clock: { now: () => control.now }, log, store: kept } as unknown as PluginContext
  const begun = metering(context, { timeZone: 'UTC', defaultSize: { cpus: 1, memory: '1g' }, keepMonths: 13 })
  await begun.hooks.start(signal)
  return begun
}

async function measured<T>(what: string, work: () => Promise<T>): Promise<T> {
  const before = process.cpuUsage()
  const done = await work()
  const { user, system } = process.cpuUsage(before)
  console.log(`${((user + system) / 1e6).toFixed(2)} s of CPU: ${what}`)
  return done
}

/** What its events would have written. */
async function fill(month: string): Promise<void> {
  const from = Date.parse(`${month}-01T00:00:00Z`)
  const end = Date.UTC(new Date(from).getUTCFullYear(), new Date(from).getUTCMonth() + 1)
  const book = new Book(store)
  await book.load()
  const written = new Map(
    Array.from({ length: count }, (_, index) => {
      const id = 1001 + index
      const key = keyOf(id, null)
      const face = { name: `shop-${index}`, owner: `user-${index % 100}`, labels: { project: `project-${index % 40}`, team: 'checkout' } }
      const known = { face, svms: 4, mebibytes: 0, isUp: false, unsureFrom: null }
      let account = book.accounts.get(key) ?? openAccount({ environment: id, template: 'shop@7' }, from / minute, known)
      const full: Page[] = []
      const change = (at: number, patch: AccountPatch) => {
        const next = changeAccount(account, Math.floor(at / minute), patch)
        account = next.account ?? account
        full.push(...next.full)
      }
      for (let at = from, n = 0; at < end; at += day, n++) {
        change(at + 7 * 3_600_000 + index * 1_000, { isUp: true })
        if (n % 7 === index % 7) change(at + 8 * 3_600_000, { mebibytes: index + n * 10 })
        if (n === index % 28) change(at + 9 * 3_600_000, { face: { ...face, labels: { ...face.labels, month } } })
        change(at + 19 * 3_600_000 + index * 1_000, { isUp: false })
      }
      return [key, { account, full }] as const
    }),
  )
  await book.writeInParts(written, null, { seq: 0, at: from, since: book.cursor?.since ?? from / minute })
}

async function close(): Promise<void> {
  const { hooks } = await usage()
  const run: ScheduledRun = {
    id: 1,
    schedule: 'close',
    dueAt: 0,
    attempt: 1,
    late: false,
    signal,
    print: (line) => console.log(`  ${line}`),
  }
  await hooks.schedules[0]?.run(run)
}

const size = () => console.log(`  ${(values.sizeOf('usage').bytes / 2 ** 20).toFixed(0)} MiB in ${values.sizeOf('usage').keys} values`)

await fill('2026-11')
size()
control.now = Date.parse('2026-12-01T00:10:00Z')
const begun = await measured('starting anew', usage)
await measured('reading the month', async () => {
  let spans = 0
  for await (const _ of begun.ledger.spans({ from: Date.parse('2026-11-01T00:00:00Z'), to: control.now })) spans += 1
  console.log(`  ${spans} spans`)
})
const prices = new Prices({ currency: 'EUR', svmHour: 0.05, gbHour: 0.0002, changes: [{ from: '2026-11-15', svmHour: 0.06 }] }, 'UTC')
const dimensions = new Dimensions([{ label: 'team', multi: true, separator: ',' }])
for (const request of [{ by: ['project'], bucket: 'day' }, { by: ['environment'] }, { by: ['owner', 'team'], bucket: 'hour' }] as const) {
  const plan = planReport({ from: '2026-11-01', to: '2026-11-30', ...request, by: [...request.by] }, dimensions, 'UTC', control.now)
  await measured(`a report ${JSON.stringify(request)}, and its CSV`, async () => {
    const report = await makeReport(plan, begun.ledger.spans(plan), prices, dimensions, signal)
    let length = 0
    for (const line of reportCsv(report)) length += line.length
    console.log(`  ${report.rows.length} rows, ${(length / 2 ** 20).toFixed(1)} MiB, ${report.total.cost} EUR`)
  })
}
const costs = new EnvironmentCosts(begun.ledger, prices)
const ids = Array.from({ length: 1000 }, (_, index) => 1001 + index)
await measured('costs so far of 1,000 environments, the first time', () => costs.read(ids, control.now))
await measured('and once more', () => costs.read(ids, control.now))
await measured('closing it', close)
size()
await fill('2026-12')
control.now = Date.parse('2027-01-01T00:10:00Z')
await measured('closing the next one, and making the first one smaller', close)
size()

const few = new BoundedStore('few', values, new Turns({ burst: 1e9, perSecond: 1e9 }), signal)
const { hooks } = await usage(few)
for (let n = 0; n < 100; n++) control.create(`shop-${n}`, 'ann', 2, 2)
for (let n = 0; n < 30; n++) {
  for (let id = 1001; id < 1101; id++) control.become(id, n % 2 === 0 ? 'running' : 'suspended')
  control.wait(day / 2)
}
await measured(`${control.events.length} events`, async () => {
  for (const event of control.events) await hooks.onEvent(event, { signal })
})
