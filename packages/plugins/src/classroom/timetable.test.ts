import { describe, expect, it } from 'vitest'
import type { ClassConfig } from './classroom-config.ts'
import { Timetable } from './timetable.ts'

const minute = 60_000
type Plan = Pick<ClassConfig, 'timetable'> & Partial<Pick<ClassConfig, 'since' | 'until'>>

const timetable = (plan: Plan, readyBefore = 30 * minute) => new Timetable({ name: 'intro', ...plan }, readyBefore)
const iso = (at: number) => new Date(at).toISOString().slice(0, 16)
/** The sessions of a while: prepared at, begun at, ended at; all in UTC. */
const sessions = (plan: Plan, from: string, count: number) =>
  timetable(plan)
    .upcoming(Date.parse(from), count)
    .map(({ prepareAt, start, end }) => [iso(prepareAt), iso(start), iso(end)])
const phase = (plan: Plan, at: string) => timetable(plan).at(Date.parse(at)).phase.kind

const berlin = 'Europe/Berlin'
const mornings: Plan = { timetable: [{ days: '1-5', from: '09:00', to: '12:00', timeZone: berlin }] }

describe('The timetable of a class', () => {
  it('is kept by the clock on the wall, in the week in which the clocks go forward', () => {
    // 29 March 2026: 02:00 CET becomes 03:00 CEST.
    expect(sessions(mornings, '2026-03-26T00:00:00Z', 3)).toEqual([
      ['2026-03-26T07:30', '2026-03-26T08:00', '2026-03-26T11:00'],
      ['2026-03-27T07:30', '2026-03-27T08:00', '2026-03-27T11:00'],
      ['2026-03-30T06:30', '2026-03-30T07:00', '2026-03-30T10:00'],
    ])
  })

  it('is kept by the clock on the wall, in the week in which the clocks go back', () => {
    // 1 November 2026: 02:00 EDT becomes 01:00 EST.
    const evenings: Plan = { timetable: [{ days: '5,1', from: '18:30', to: '20:00', timeZone: 'America/New_York' }] }
    expect(sessions(evenings, '2026-10-30T00:00:00Z', 2)).toEqual([
      ['2026-10-30T22:00', '2026-10-30T22:30', '2026-10-31T00:00'],
      ['2026-11-02T23:00', '2026-11-02T23:30', '2026-11-03T01:00'],
    ])
  })

  it('has a night that is an hour longer, one that is an hour shorter, and a beginning that the clocks leave out', () => {
    const night = (date: string, from: string): Plan => ({ timetable: [{ dates: [date], from, to: '06:00', timeZone: berlin }] })
    expect(sessions(night('2026-03-28', '22:00'), '2026-03-28T00:00:00Z', 2)).toEqual([
      ['2026-03-28T20:30', '2026-03-28T21:00', '2026-03-29T04:00'],
    ])
    expect(sessions(night('2026-10-24', '22:00'), '2026-10-24T00:00:00Z', 2)).toEqual([
      ['2026-10-24T19:30', '2026-10-24T20:00', '2026-10-25T05:00'],
    ])
    // 02:30 is not there on that day; 03:00 CEST is the first minute after the gap.
    expect(sessions(night('2026-03-29', '02:30'), '2026-03-28T00:00:00Z', 2)).toEqual([
      ['2026-03-29T00:30', '2026-03-29T01:00', '2026-03-29T04:00'],
    ])
  })

  it('holds a lesson for as long as it takes where the clocks leave out all of it', () => {
    const night = (from: string, to: string): Plan => ({ timetable: [{ dates: ['2026-03-29'], from, to, timeZone: berlin }] })
    for (const [from, to, until] of [
      ['02:10', '02:30', '01:20'],
      ['02:30', '03:00', '01:30'],
      // No time of it is left out.
      ['03:00', '03:30', '01:30'],
      ['03:00', '03:00', '2026-03-30T01:00'],
    ] as const) {
      const end = until.length > 5 ? until : `2026-03-29T${until}`
      expect(sessions(night(from, to), '2026-03-28T00:00:00Z', 2), `${from} to ${to}`).toEqual([
        ['2026-03-29T00:30', '2026-03-29T01:00', end],
      ])
    }
    const sundays: Plan = { timetable: [{ days: '0', from: '02:15', to: '02:45', timeZone: berlin }] }
    expect(sessions(sundays, '2026-03-28T00:00:00Z', 2).map(([, start, end]) => [start, end])).toEqual([
      ['2026-03-29T01:00', '2026-03-29T01:30'],
      ['2026-04-05T00:15', '2026-04-05T00:45'],
    ])
  })

  it('takes the first of an hour that comes twice, and ends once', () => {
    const night = (from: string, to: string): Plan => ({ timetable: [{ dates: ['2026-10-25'], from, to, timeZone: berlin }] })
    // 03:00 CEST becomes 02:00 CET: 02:30 is at 00:30 and at 01:30 UTC.
    for (const [from, to, start, end] of [
      ['02:30', '02:45', '00:30', '00:45'],
      ['02:30', '03:30', '00:30', '02:30'],
      ['01:00', '02:30', '23:00', '00:30'],
    ])
      expect(sessions(night(from ?? '', to ?? ''), '2026-10-24T00:00:00Z', 2).map(([, ...held]) => held.map((at) => at.slice(11)))).toEqual(
        [[start, end]],
      )
  })

  it('ends with a day that has no midnight', () => {
    // In Cairo the clocks go from 00:00 to 01:00 on 24 April 2026.
    const cairo: Plan = { timetable: [{ days: '4', from: '22:00', to: '00:30', timeZone: 'Africa/Cairo' }], until: '2026-04-23' }
    expect(sessions(cairo, '2026-04-20T00:00:00Z', 2)).toEqual([['2026-04-23T19:30', '2026-04-23T20:00', '2026-04-23T22:00']])
    expect([phase(cairo, '2026-04-23T21:59:59Z'), phase(cairo, '2026-04-23T22:00:00Z')]).toEqual(['session', 'over'])
  })

  it('has one session begin when it began, however long it is', () => {
    const days = (count: number) =>
      Array.from({ length: count }, (_, day) => new Date(Date.UTC(2026, 2, 2 + day)).toISOString().slice(0, 10))
    const begun = (plan: Plan, at: string) => {
      const { phase, next } = timetable(plan).at(Date.parse(at))
      return phase.kind === 'session' ? [iso(phase.session.start), next === null ? null : iso(next.start)] : phase.kind
    }
    const camp: Plan = { timetable: [{ dates: days(40), from: '08:00', to: '08:00', timeZone: 'UTC' }] }
    for (const at of ['2026-03-02T08:00:00Z', '2026-03-05T12:00:00Z', '2026-03-20T08:00:00Z', '2026-04-11T07:59:00Z'])
      expect(begun(camp, at), at).toEqual(['2026-03-02T08:00', null])
    expect(begun(camp, '2026-04-11T08:00:00Z')).toBe('over')
    const always: Plan = { timetable: [{ days: '0-6', from: '00:00', to: '00:00', timeZone: 'UTC' }] }
    expect(begun({ ...always, since: '2020-01-01' }, '2026-03-02T12:00:00Z')).toEqual(['2020-01-01T00:00', null])
    expect(begun(always, '2026-03-02T12:00:00Z')).toEqual(begun(always, '2026-05-09T12:00:00Z'))
  })

  it('takes lessons without a break for one, and prepares none while another goes on', () => {
    const day: Plan = {
      timetable: [
        { days: '1', from: '09:00', to: '10:30', timeZone: 'UTC' },
        { days: '1', from: '10:30', to: '12:00', timeZone: 'UTC' },
        { days: '1', from: '11:00', to: '11:30', timeZone: 'UTC' },
        { cron: '20 12 * * 1', to: '14:00', timeZone: 'UTC' },
      ],
    }
    expect(sessions(day, '2026-03-02T00:00:00Z', 3)).toEqual([
      ['2026-03-02T08:30', '2026-03-02T09:00', '2026-03-02T12:00'],
      ['2026-03-02T12:00', '2026-03-02T12:20', '2026-03-02T14:00'],
      ['2026-03-09T08:30', '2026-03-09T09:00', '2026-03-09T12:00'],
    ])
  })

  it('says where a class stands, to the minute', () => {
    const table = [
      ['2026-03-01T12:00:00Z', 'waiting'],
      ['2026-03-02T07:29:59Z', 'waiting'],
      ['2026-03-02T07:30:00Z', 'preparing'],
      ['2026-03-02T07:59:59Z', 'preparing'],
      ['2026-03-02T08:00:00Z', 'session'],
      ['2026-03-02T10:59:59Z', 'session'],
      ['2026-03-02T11:00:00Z', 'waiting'],
    ] as const
    for (const [at, kind] of table) expect(phase(mornings, at), at).toBe(kind)
  })

  it('ends after its last date, or with the last day where it is held', () => {
    const dates: Plan = { timetable: [{ dates: ['2026-03-03', '2026-03-02'], from: '09:00', to: '17:00', timeZone: berlin }] }
    expect([phase(dates, '2026-03-03T15:59:59Z'), phase(dates, '2026-03-03T16:00:00Z')]).toEqual(['session', 'over'])
    const until: Plan = { ...mornings, until: '2026-03-03' }
    expect([phase(until, '2026-03-03T22:59:59Z'), phase(until, '2026-03-03T23:00:00Z')]).toEqual(['waiting', 'over'])
    expect(sessions(until, '2026-03-02T00:00:00Z', 9)).toHaveLength(2)
    expect(sessions({ ...mornings, since: '2026-03-04' }, '2026-03-02T00:00:00Z', 1)[0]?.[1]).toBe('2026-03-04T08:00')
  })

  it('comes to an end with lessons that never leave a break', { timeout: 60_000 }, () => {
    const always: Plan = { timetable: [{ cron: '0 * * * *', to: '10:00', timeZone: 'UTC' }] }
    expect(phase(always, '2026-03-02T08:30:00Z')).toBe('session')
  })

  it('knows the day of a session where it is held', () => {
    const tokyo: Plan = { timetable: [{ days: '2', from: '08:00', to: '10:00', timeZone: 'Asia/Tokyo' }] }
    expect(timetable(tokyo).upcoming(Date.parse('2026-03-02T00:00:00Z'), 1)[0]?.day).toBe('2026-03-03')
  })

  it('is refused where it is no timetable', () => {
    const at = { from: '09:00', to: '10:00', timeZone: 'UTC' }
    for (const entry of [
      at,
      { ...at, days: '1', dates: ['2026-03-02'] },
      { days: '1', to: '10:00', timeZone: 'UTC' },
      { ...at, cron: '0 9 * * 1' },
    ])
      expect(() => timetable({ timetable: [entry] })).toThrow('class intro, timetable 1 does not say when its lessons begin')
    expect(() => timetable({ timetable: [{ ...at, days: '5-1' }] })).toThrow('class intro, timetable 1: ')
    expect(() => timetable({ ...mornings, since: '2026-03-02', until: '2026-03-01' })).toThrow('over on 2026-03-01, before it begins')
    expect(() => timetable(mornings, 0)).toThrow('class intro: readyBefore is less than 1m')
    for (const dates of [['2026-02-29'], ['2026-13-01']])
      expect(() => timetable({ timetable: [{ ...at, dates }] })).toThrow('is not a date')
  })
})
