import { Calendar } from '../packages/plugins/src/suspend/calendar.ts'
import { decide } from '../packages/plugins/src/suspend/decide.ts'
import type { EnvironmentFacts } from '../packages/plugins/src/suspend/facts.ts'
import { readPolicy } from '../packages/plugins/src/suspend/policy.ts'

/** CPU that the plugin suspend needs to decide about ten thousand environments, in each of ten minutes around a nightly time. */
const count = 10_000
const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'UTC']
const policy = readPolicy({
  idleAfter: '2h',
  nightly: zones.map((timeZone, zone) => ({
    name: `zone-${zone}`,
    at: '20:00',
    timeZone,
    days: '0-7',
    where: { labels: { zone: String(zone) } },
  })),
  workingHours: zones.map((timeZone, zone) => ({
    from: '09:00',
    to: '18:00',
    timeZone,
    days: '1-5',
    where: { labels: { zone: String(zone) } },
  })),
  deletion: { afterAge: '60d', afterUnused: '21d', notice: '3d' },
  most: 50,
  dryRun: false,
})
const evening = Date.parse('2026-10-25T19:00:00Z')
const environments = Array.from({ length: count }, (_, index): EnvironmentFacts => {
  return {
    id: 1001 + index,
    name: `shop-${index}`,
    kind: 'clone',
    owner: `user-${index % 100}`,
    template: 'shop',
    labels: {
      zone: String(index % 4),
      ...(index % 10 === 0 ? { shutdown_time: String(index % 24) } : {}),
      ...(index % 50 === 0 ? { delete_environment: '5', 'suspend.counted': '2026-10-24T03:00:00.000Z' } : {}),
      ...(index % 20 === 0 ? { 'suspend.awake-until': '2026-10-26T03:00:00.000Z' } : {}),
    },
    state: 'running',
    desired: 'running',
    reason: 'cloned (token:bench)',
    createdAt: evening - index * 60_000 * 5,
    stateChangedAt: evening - index * 60_000,
    // Everybody at another minute: nothing that was worked out for one helps with the next.
    lastActivityAt: index % 7 === 0 ? null : evening - index * 37_000,
    lastActivityCause: 'GET www',
    suspendAfterMs: index % 3 === 0 ? 1_800_000 : null,
    canSuspend: true,
    neededBy: [],
    busyUntil: null,
  }
})

const calendar = new Calendar()
for (let minute = -5; minute < 5; minute++) {
  const now = evening + minute * 60_000
  const before = process.cpuUsage()
  let due = 0
  for (const facts of environments) {
    const { at } = decide(facts, policy, calendar, now)
    if (at !== null && at <= now) due++
  }
  const { user, system } = process.cpuUsage(before)
  console.log(
    `${new Date(now).toISOString().slice(11, 16)}  ${count} environments, ${due} due: ${((user + system) / 1000).toFixed(0)} ms of CPU`,
  )
}
