import { describe, expect, it } from 'vitest'
import type { UsageSpan } from '../metering/usage-span.ts'
import type { Member } from './fleet.ts'
import { type Facts, putTogether } from './put-together.ts'

const at = Date.parse('2026-11-20T14:32:00Z')
const member = (id: number, more: Partial<Member> = {}): Member => ({
  ...{ id, name: `env-${id}`, owner: 'alice', project: 'shop', state: 'running', since: '2026-11-20T10:00:00.000Z', message: 'asked for' },
  ...more,
})
const span = (environment: number | null, svms: number, storageBytes: number, owner = 'alice', project?: string): UsageSpan => ({
  ...{
    environment,
    template: null,
    name: 'x',
    owner,
    labels: project === undefined ? {} : { project },
    from: at,
    to: null,
    svms,
    storageBytes,
  },
})
const facts = (more: Partial<Facts>): Facts => ({
  ...{ at, timeZone: 'UTC', staleSince: null, members: [], spans: [], money: null, quotas: [], failed: [], next: null },
  ...more,
})
const money = (month: Record<string, number>) => ({
  ...{ currency: 'EUR', today: 1, month: 2, upTo: at },
  monthByProject: new Map(Object.entries(month)),
  monthByOwner: new Map<string, number>(),
})

describe('what the board shows', () => {
  it('counts environments by state, and what they and the templates hold', () => {
    const states = ['running', 'running', 'starting', 'suspended', 'stopped', 'failed', 'deleting'] as const
    const now = putTogether(
      facts({
        members: states.map((state, index) => member(1001 + index, { state })),
        spans: [span(1001, 3, 10), span(1002, 2, 20), span(1004, 0, 40), span(null, 0, 500)],
      }),
    )
    expect(now.environments).toEqual({ running: 2, changing: 2, suspended: 1, stopped: 1, failed: 1 })
    expect([now.svms, now.storage, now.money, now.staleSince]).toEqual([5, { environmentsBytes: 70, templatesBytes: 500 }, null, null])
  })

  it('names those first who use most: by money, also of what is gone by now, else by what runs', () => {
    const members = [member(1001), member(1002, { project: '' })]
    const spans = [span(1001, 3, 10, 'alice', 'shop'), span(1002, 4, 5, 'bob')]
    expect(putTogether(facts({ members, spans })).projects.map(({ name, svms, month }) => [name, svms, month])).toEqual([
      ['', 4, null],
      ['shop', 3, null],
    ])
    expect(putTogether(facts({ members, spans, money: money({ shop: 5, '': 1, gone: 9 }) })).projects).toEqual([
      { name: 'gone', environments: 0, svms: 0, storageBytes: 0, month: 9 },
      { name: 'shop', environments: 1, svms: 3, storageBytes: 10, month: 5 },
      { name: '', environments: 1, svms: 4, storageBytes: 5, month: 1 },
    ])
  })

  it('shows quotas from 80 % on, the fullest first', () => {
    const quotas = [0.79, 0.8, 1.2, 0.95].map((ratio) => ({ who: `project ${ratio}`, what: 'storage', used: 1, limit: 1, ratio }))
    expect(putTogether(facts({ quotas })).quotas.map(({ ratio }) => ratio)).toEqual([1.2, 0.95, 0.8])
  })

  it('shows what failed, the newest first, and says how many it leaves out', () => {
    const since = (minute: number) => `2026-11-20T10:${String(minute).padStart(2, '0')}:00.000Z`
    const members = Array.from({ length: 30 }, (_, index) => member(1001 + index, { state: 'failed', since: since(index) }))
    const plugin = { environment: null, name: 'plugin docs', owner: '', message: 'no such wiki', since: since(40) }
    const now = putTogether(facts({ members, failed: [plugin] }))
    expect(now.failed.map(({ name }) => name)).toEqual(['plugin docs', ...[29, 28, 27, 26, 25, 24, 23].map((n) => `env-${1001 + n}`)])
    expect(now.more.failed).toBe(23)
  })

  it('takes from what goes to sleep next what sleeps by now, or is gone', () => {
    const next = [1001, 1002, 1003].map((environment) => ({
      ...{ environment, name: 'x', owner: 'alice', action: 'suspend', at: '2026-11-20T19:00:00.000Z', rule: 'idle' },
    }))
    const now = putTogether(facts({ members: [member(1001), member(1002, { state: 'suspended' })], next }))
    expect(now.next?.map(({ environment }) => environment)).toEqual([1001])
  })
})
