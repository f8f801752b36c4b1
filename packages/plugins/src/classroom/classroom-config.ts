import { CronLine, Duration, TimeZone } from '@standin/core'
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const
const date = (description: string) => Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', description })
const timeOfDay = (description: string) => Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description })
const person = Type.String({ minLength: 1, maxLength: 200 })

/** Lessons that are alike: on these days or dates, or as a cron line says, from one time of day to another. */
const TimetableEntry = Type.Object(
  {
    days: Type.Optional(
      Type.String({ pattern: '^[0-7](-[0-7])?(,[0-7](-[0-7])?)*$', description: 'Every week, as in cron: `1-5` is Monday to Friday' }),
    ),
    dates: Type.Optional(Type.Array(date('`2026-09-07`'), { minItems: 1, maxItems: 366 })),
    cron: Type.Optional(CronLine({ description: 'When it begins, in place of `from`: `0 9 1-7 * 1`' })),
    from: Type.Optional(timeOfDay('When it begins, local time: `09:00`')),
    to: timeOfDay('When it ends; not after `from`: on the next day'),
    timeZone: TimeZone({ default: 'UTC' }),
  },
  { ...closed, description: '`days` or `dates` with `from`, or `cron`' },
)
export type TimetableEntry = Static<typeof TimetableEntry>

const Check = Type.Object(
  {
    service: Type.Optional(Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$', description: 'Default: `www`' })),
    path: Type.Optional(Type.String({ pattern: '^/[\\x21-\\x7e]*$', maxLength: 1000, description: 'Default: `/`' })),
  },
  { ...closed, description: 'Asked of a seat before it counts as ready, past the gateway: an answer below 400 is well' },
)
export type Check = Static<typeof Check>

const ClassConfig = Type.Object(
  {
    // Room for the number of a seat, and a word behind it, in a DNS label.
    name: Type.String({ pattern: '^[a-z]([a-z0-9-]{0,48}[a-z0-9])?$', description: 'Seats are called `<name>-1` and so on' }),
    template: Type.String({ minLength: 1, maxLength: 140, description: '`shop:stable`: the version is pinned when a session is prepared' }),
    seats: Type.Integer({ minimum: 1, maximum: 500 }),
    project: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'The label `project` of the seats' })),
    instructors: Type.Array(person, { default: [], maxItems: 100, description: 'userNames: they see the class and reset seats' }),
    students: Type.Array(person, { default: [], maxItems: 500, description: 'Who sits where: the first one at seat 1' }),
    timetable: Type.Array(TimetableEntry, { minItems: 1, maxItems: 50 }),
    since: Type.Optional(date('The first day; nothing is prepared for sessions before')),
    until: Type.Optional(date('The last day: everything goes away at midnight, in the time zone of the first entry')),
    readyBefore: Duration({ default: '30m', description: 'Seats are begun so long before a session' }),
    wave: Type.Integer({ minimum: 1, maximum: 500, default: 4, description: 'So many seats come up at once' }),
    refresh: Type.Enum(['sessions', 'daily', 'never'], {
      default: 'sessions',
      description: 'How often seats are made anew: before each session, before the first one of a day, or never',
    }),
    check: Type.Union([Check, Type.Literal(false)], { default: {}, description: '`false`: what runs is ready' }),
  },
  closed,
)
export type ClassConfig = Static<typeof ClassConfig>

export const ClassroomConfig = Type.Object(
  { classes: Type.Array(ClassConfig, { default: [], maxItems: 200, description: 'A class that is not here any more is over' }) },
  closed,
)
export type ClassroomConfig = Static<typeof ClassroomConfig>
