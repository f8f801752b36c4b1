import type { PluginContext } from '@standin/core'
import { expect, it } from 'vitest'
import { Classroom } from './classroom.ts'
import type { ClassConfig } from './classroom-config.ts'

const intro: ClassConfig = {
  ...{
    name: 'intro',
    template: 'shop',
    seats: 3,
    wave: 2,
    check: false,
    instructors: [],
    students: [],
    refresh: 'sessions',
    readyBefore: '30m',
  },
  timetable: [{ days: '1-5', from: '09:00', to: '12:00', timeZone: 'UTC' }],
}

it('tells every fault of every class at once, and where it stands', () => {
  const classes = [
    { ...intro, students: ['ada', 'bob', 'eve', 'joe'] },
    { ...intro, timetable: [{ days: '1-5', to: '12:00', timeZone: 'UTC' }] },
    { ...intro, name: 'late', since: '2026-03-03', until: '2026-03-02' },
  ]
  let errors: unknown
  try {
    new Classroom({} as PluginContext, { classes })
  } catch (error) {
    errors = (error as { errors: unknown }).errors
  }
  const missing =
    'class intro, timetable 1 does not say when its lessons begin, or says it twice. Write `days` or `dates` with `from`, or `cron` alone'
  expect(errors).toEqual([
    { path: '/classes/0', message: 'the class intro has 4 students and 3 seats' },
    { path: '/classes/1', message: 'there are two classes called intro' },
    { path: '/classes/1', message: missing },
    { path: '/classes/2', message: 'class late is over on 2026-03-02, before it begins on 2026-03-03' },
  ])
})
