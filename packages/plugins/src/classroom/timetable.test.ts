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
const phase = (plan: Plan, at: string) => timetable(plan).phaseAt(Date.parse(at)).kind

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

  it('comes to an end with lessons that never leave a break', () => {
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
    for (const dates of [['2026-02-29'], ['2026-13-01']])
      expect(() => timetable({ timetable: [{ ...at, dates }] })).toThrow('is not a date')
  })
})
