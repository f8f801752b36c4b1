import { describe, expect, it } from 'vitest'
import { Calendar } from './calendar.ts'
import { decide } from './decide.ts'
import type { Decision } from './decision.ts'
import type { EnvironmentFacts } from './facts.ts'
import { readPolicy } from './policy.ts'

const at = (text: string) => Date.parse(`${text.replace(' ', 'T')}Z`)
const hour = 3_600_000

/** Awake since Monday, nothing known of its use. */
const shop: EnvironmentFacts = {
  id: 1001,
  name: 'alice',
  kind: 'clone',
  owner: 'alice',
  template: 'shop',
  labels: {},
  state: 'running',
  desired: 'running',
  reason: 'cloned from shop@1 (token:alice)',
  createdAt: at('2026-11-16 08:00'),
  stateChangedAt: at('2026-11-16 08:00'),
  lastActivityAt: null,
  lastActivityCause: null,
  suspendAfterMs: null,
  canSuspend: true,
  neededBy: [],
  busyUntil: null,
}
const now = at('2026-11-18 12:00')
const none = { nightly: [], workingHours: [], most: 50, dryRun: false }
type Config = Partial<Parameters<typeof readPolicy>[0]>

const decided = (facts: Partial<EnvironmentFacts>, config: Config = {}, time = now): Decision =>
  decide({ ...shop, ...facts }, readPolicy({ ...none, ...config }), new Calendar(), time)
/** `suspend 2026-11-18 12:30 idle`. */
const said = (...of: Parameters<typeof decided>) => {
  const { action, at: when, rule } = decided(...of)
  return `${action} ${when === null ? 'never' : new Date(when).toISOString().slice(0, 16).replace('T', ' ')} ${rule}`
}

const used = { lastActivityAt: at('2026-11-18 11:50'), lastActivityCause: 'GET www-1001.test', suspendAfterMs: hour / 2 }
const quiet = { ...used, lastActivityAt: at('2026-11-18 11:00') }

describe('the idle rule', () => {
  it.each<[string, Partial<EnvironmentFacts>, Config, string]>([
    ['counts from the last use', used, {}, 'suspend 2026-11-18 12:20 idle'],
    ['is due once the idle time is over', quiet, {}, 'suspend 2026-11-18 11:30 idle'],
    [
      'counts from when it woke where that is later',
      { ...quiet, stateChangedAt: at('2026-11-18 11:55') },
      {},
      'suspend 2026-11-18 12:25 idle',
    ],
    ['lets it stay awake where nobody knows of its use', { suspendAfterMs: 1 }, {}, 'keep never idle'],
    [
      'takes the time of the policy where it has none',
      { ...quiet, suspendAfterMs: null },
      { idleAfter: '2h' },
      'suspend 2026-11-18 13:00 idle',
    ],
    ['prefers its own time', quiet, { idleAfter: '5m' }, 'suspend 2026-11-18 11:30 idle'],
    ['lets 0 stand for never', { ...quiet, suspendAfterMs: 0 }, { idleAfter: '5m' }, 'keep never idle'],
    ['has no time, and does nothing', { ...quiet, suspendAfterMs: null }, {}, 'keep never idle'],
    ['leaves alone what sleeps', { ...quiet, state: 'suspended', desired: 'suspended' }, {}, 'keep never asleep'],
    ['leaves alone what is on its way', { ...quiet, state: 'resuming' }, {}, 'keep never state'],
    ['leaves alone what is being suspended', { ...quiet, desired: 'suspended' }, {}, 'keep never state'],
    ['leaves alone what failed', { ...quiet, state: 'failed' }, {}, 'keep never state'],
    ['leaves alone what can not be suspended', { ...quiet, canSuspend: false }, {}, 'keep never provider'],
    ['leaves alone what is attached', { ...quiet, kind: 'attachment' }, {}, 'keep never kind'],
    ['leaves alone what is in the trash', { ...quiet, desired: 'deleted' }, {}, 'keep never trash'],
    ['waits for those that need it', { ...quiet, neededBy: ['bob'] }, {}, 'keep never needed'],
    ['believes an application that is busy', { ...quiet, busyUntil: now + 1 }, {}, 'keep never busy'],
    ['no longer than it said', { ...quiet, busyUntil: now }, {}, 'suspend 2026-11-18 11:30 idle'],
  ])('%s', (_, facts, config, expected) => expect(said(facts, config)).toBe(expected))

  it('does not count within working hours', () => {
    const workingHours = [{ from: '09:00', to: '18:00', timeZone: 'Europe/Berlin', days: '1-5' }]
    expect(said(quiet, { workingHours })).toBe('suspend 2026-11-18 17:00 idle')
    // Saturday.
    const saturday = { ...quiet, lastActivityAt: at('2026-11-21 11:00') }
    expect(said(saturday, { workingHours }, at('2026-11-21 12:00'))).toBe('suspend 2026-11-21 11:30 idle')
    // It would fall into the hours of the next morning.
    const late = { ...quiet, lastActivityAt: at('2026-11-19 07:45') }
    expect(said(late, { workingHours }, at('2026-11-19 07:50'))).toBe('suspend 2026-11-19 17:00 idle')
    expect(said(quiet, { workingHours: workingHours.map((each) => ({ ...each, where: { owner: 'bob' } })) })).toBe(
      'suspend 2026-11-18 11:30 idle',
    )
  })

  it('says why, and what would change it', () => {
    const { because, whatWouldChangeIt } = decided(quiet)
    expect(because).toBe('not used since 2026-11-18 11:00 UTC (GET www-1001.test), its idle time is 30m')
    expect(whatWouldChangeIt.join()).toContain('standin extend 1001 4h')
  })
})

describe('pins and extensions', () => {
  it.each([
    ['comes at once where it passed less than six hours ago', '2026-11-18 22:00', {}, 'suspend 2026-11-18 20:00 nightly evening'],
    [
      'waits for who used it a moment ago',
      '2026-11-18 22:00',
      { lastActivityAt: at('2026-11-18 21:50') },
      'suspend 2026-11-18 22:05 nightly evening',
    ],
    ['is left out where it passed before that', '2026-11-19 02:30', {}, 'suspend 2026-11-19 20:00 nightly evening'],
  ])('end, and a night that they put off %s', (_, time, facts, expected) => {
    expect(said(facts, { nightly: [{ name: 'evening', at: '20:00', timeZone: 'UTC', days: '0-7' }] }, at(time))).toBe(expected)
  })

  const pinned = { labels: { 'suspend.pin': 'demo on Friday' } }
  it('keep it awake', () => {
    expect(said({ ...quiet, ...pinned })).toBe('keep never pin')
    expect(decided({ ...quiet, ...pinned }).because).toBe('it is pinned: demo on Friday')
    expect(said({ ...quiet, labels: { 'suspend.awake-until': '2026-11-18T16:00:00Z' } })).toBe('suspend 2026-11-18 16:00 idle')
    expect(said({ ...quiet, labels: { 'suspend.awake-until': '2026-11-18T11:00:00Z' } })).toBe('suspend 2026-11-18 11:30 idle')
  })

  it('that nobody understands keep it awake, too', () => {
    const { action, faults } = decided({ ...quiet, labels: { 'suspend.awake-until': 'friday' } })
    expect([action, faults.length]).toEqual(['keep', 1])
  })
})

const evening = { name: 'evening', at: '20:00', timeZone: 'Europe/Berlin', days: '0-7' }

describe('the nightly rule', () => {
  const nightly = [evening]
  it.each<[string, Partial<EnvironmentFacts>, string, string]>([
    ['comes at its local time', {}, '2026-11-18 12:00', 'suspend 2026-11-18 19:00 nightly evening'],
    ['is due from then on', {}, '2026-11-18 19:00', 'suspend 2026-11-18 19:00 nightly evening'],
    ['is made up for', {}, '2026-11-19 00:59', 'suspend 2026-11-18 19:00 nightly evening'],
    ['not for ever', {}, '2026-11-19 01:00', 'suspend 2026-11-19 19:00 nightly evening'],
    [
      'does not suspend again what was woken since',
      { stateChangedAt: at('2026-11-18 19:30') },
      '2026-11-18 20:00',
      'suspend 2026-11-19 19:00 nightly evening',
    ],
    ['interrupts nobody', { lastActivityAt: at('2026-11-18 18:59') }, '2026-11-18 19:00', 'suspend 2026-11-18 19:14 nightly evening'],
    ['knows summer time', { stateChangedAt: 0 }, '2026-07-01 12:00', 'suspend 2026-07-01 18:00 nightly evening'],
    ['and the day on which it ends', { stateChangedAt: 0 }, '2026-10-24 18:30', 'suspend 2026-10-24 18:00 nightly evening'],
    ['and the one after', { stateChangedAt: 0 }, '2026-10-25 12:00', 'suspend 2026-10-25 19:00 nightly evening'],
    [
      'is put off by an extension',
      { labels: { 'suspend.awake-until': '2026-11-18T22:00:00Z' } },
      '2026-11-18 20:00',
      'suspend 2026-11-18 22:00 nightly evening',
    ],
    ['is left out with shutdown_time=-', { labels: { shutdown_time: '-' } }, '2026-11-18 20:00', 'keep never idle'],
    [
      'follows an hour of UTC in shutdown_time',
      { labels: { shutdown_time: '5' } },
      '2026-11-18 20:00',
      'suspend 2026-11-19 05:00 shutdown_time',
    ],
    ['is left out where shutdown_time makes no sense', { labels: { shutdown_time: '25' } }, '2026-11-18 20:00', 'keep never idle'],
  ])('%s', (_, facts, time, expected) => expect(said(facts, { nightly }, at(time))).toBe(expected))

  it('in the hour that DST leaves out comes after it, in the one that comes twice once', () => {
    const gap = [{ ...evening, at: '02:30' }]
    expect(said({ stateChangedAt: 0 }, { nightly: gap }, at('2026-03-28 12:00'))).toBe('suspend 2026-03-29 01:00 nightly evening')
    expect(said({ stateChangedAt: 0 }, { nightly: gap }, at('2026-10-24 12:00'))).toBe('suspend 2026-10-25 00:30 nightly evening')
    const woken = { stateChangedAt: at('2026-10-25 00:45') }
    expect(said(woken, { nightly: gap }, at('2026-10-25 01:35'))).toBe('suspend 2026-10-26 01:30 nightly evening')
  })

  it('is chosen by project, with exceptions', () => {
    const rules = [
      { ...evening, name: 'shop', where: { labels: { project: 'shop' } }, except: [{ owner: 'carol' }] },
      { ...evening, name: 'rest', at: '22:00' },
    ]
    const rule = (facts: Partial<EnvironmentFacts>) => decided(facts, { nightly: rules }).rule
    expect(rule({ labels: { project: 'shop' } })).toBe('nightly shop')
    expect(rule({ labels: { project: 'shop' }, owner: 'carol' })).toBe('nightly rest')
    expect(rule({})).toBe('nightly rest')
  })
})

/** Apply what is due, minute by minute would be the same: time goes on to the next step each time. */
function live(facts: Partial<EnvironmentFacts>, config: Config, from: string, until: string): string[] {
  const lived: string[] = []
  const policy = readPolicy({ ...none, ...config })
  const calendar = new Calendar()
  let [environment, time] = [{ ...shop, ...facts }, at(from)]
  for (let step = 0; step < 100 && time <= at(until); step++) {
    const { action, at: when, labels } = decide(environment, policy, calendar, time)
    if (action === 'keep' || when === null) break
    if (when > time) {
      time = when
      continue
    }
    const changes = Object.entries(labels ?? {})
    const words = changes.filter(([key]) => key !== 'suspend.counted').map(([key, value]) => ` ${key}=${value ?? ''}`)
    if (action !== 'label' || words.length > 0) lived.push(`${new Date(time).toISOString().slice(5, 16)} ${action}${words.join('')}`)
    if (action === 'delete') break
    const merged = { ...environment.labels, ...labels }
    environment = {
      ...environment,
      labels: Object.fromEntries(Object.entries(merged).filter((pair): pair is [string, string] => pair[1] !== null)),
    }
    if (action === 'suspend') environment = { ...environment, state: 'suspended', desired: 'suspended', stateChangedAt: time }
  }
  return lived
}

describe('the original keys', () => {
  const nightly = [{ name: 'night', at: '03:00', timeZone: 'UTC', days: '0-7' }]
  it('shutdown_delay leaves out so many nights, and counts them down', () => {
    expect(live({ labels: { shutdown_delay: '2' } }, { nightly }, '2026-11-18 12:00', '2026-11-30 00:00')).toEqual([
      '11-19T03:00 label shutdown_delay=1',
      '11-20T03:00 label shutdown_delay=0',
      '11-21T03:00 label shutdown_delay=',
      '11-21T03:00 suspend',
    ])
  })

  it('delete_environment counts down the days, says when, and deletes', () => {
    expect(live({ labels: { delete_environment: '2', shutdown_time: '-' } }, { nightly }, '2026-11-18 12:00', '2026-11-30 00:00')).toEqual([
      '11-18T12:00 label suspend.deletes-at=2026-11-20T03:00:00.000Z',
      '11-19T03:00 label delete_environment=1',
      '11-20T03:00 delete',
    ])
  })

  it('counts the nights that nobody was there for, and none twice', () => {
    const labels = { delete_environment: '9', 'suspend.counted': '2026-11-14T03:00:00.000Z', shutdown_time: '-' }
    const decision = decided({ labels: { ...labels, 'suspend.deletes-at': '2026-11-23T03:00:00.000Z' } })
    expect(decision.labels).toEqual({ delete_environment: '5', 'suspend.counted': '2026-11-18T03:00:00.000Z' })
    const counted = { ...labels, ...decision.labels, 'suspend.deletes-at': '2026-11-23T03:00:00.000Z' } as Record<string, string>
    expect(said({ labels: counted })).toBe('label 2026-11-19 03:00 count-down')
  })
})

describe('deletion', () => {
  const deletion = { afterAge: '10d', notice: '3d' }
  it('by age is announced before it happens', () => {
    expect(live({}, { deletion }, '2026-11-18 12:00', '2026-12-30 00:00')).toEqual([
      '11-23T08:00 label suspend.deletes-at=2026-11-26T08:00:00.000Z',
      '11-26T08:00 delete',
    ])
  })

  it('gives the whole notice where it is late', () => {
    expect(live({}, { deletion }, '2026-12-10 12:00', '2026-12-30 00:00')).toEqual([
      '12-10T12:00 label suspend.deletes-at=2026-12-13T12:00:00.000Z',
      '12-13T12:00 delete',
    ])
  })

  it('gives it anew to what came back from the trash', () => {
    const back = { stateChangedAt: at('2026-11-27 08:00'), labels: { 'suspend.deletes-at': '2026-11-26T08:00:00.000Z' } }
    expect(live(back, { deletion }, '2026-11-27 09:00', '2026-12-30 00:00')).toEqual([
      '11-27T09:00 label suspend.deletes-at=2026-11-30T09:00:00.000Z',
      '11-30T09:00 delete',
    ])
  })

  it('is called off where it is pinned, used or no rule wants it', () => {
    const announced = { 'suspend.deletes-at': '2026-11-19T08:00:00.000Z' }
    expect(decided({ labels: { ...announced, 'suspend.pin': '' } }, { deletion }).labels).toEqual({ 'suspend.deletes-at': null })
    expect(decided({ labels: announced }).labels).toEqual({ 'suspend.deletes-at': null })
    const unused = { deletion: { afterUnused: '7d', notice: '1d' } }
    expect(decided({ ...used, labels: announced }, unused).labels).toEqual({ 'suspend.deletes-at': null })
  })

  it('for want of use asks for it to have been seen', () => {
    expect(said({}, { deletion: { afterUnused: '1h', notice: '1h' } })).toBe('keep never idle')
  })

  it('at a date is done as it is wished', () => {
    expect(live({ labels: { 'suspend.delete-at': '2026-11-20' } }, {}, '2026-11-18 12:00', '2026-12-30 00:00')).toEqual([
      '11-18T12:00 label suspend.deletes-at=2026-11-20T00:00:00.000Z',
      '11-20T00:00 delete',
    ])
  })
})

describe('what sleeps', () => {
  it('is woken for what needs it', () => {
    expect(said({ state: 'suspended', desired: 'suspended', neededBy: ['bob'] })).toBe('resume 2026-11-18 12:00 needed')
  })
})
