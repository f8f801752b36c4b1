import { type Fault, StandinError } from '@standin/client'
import { Duration, parseDuration, TimeZone } from '@standin/core'
import Type, { type Static } from 'typebox'
import type { EnvironmentFacts } from './facts.ts'

const TimeOfDay = (options: { description?: string; default?: string } = {}) =>
  Type.String({ ...options, pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$' })
const daysPattern = '^[0-7](-[0-7])?(,[0-7](-[0-7])?)*$'
const Days = Type.String({
  pattern: daysPattern,
  default: '0-7',
  description: 'As in cron: `1-5` is Monday to Friday',
})

const Selection = Type.Object(
  {
    labels: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'All of these: `{project: shop}`' })),
    template: Type.Optional(Type.String({ description: 'Cloned from this template, whatever its version' })),
    owner: Type.Optional(Type.String()),
  },
  { additionalProperties: false, description: 'All that is given must hold' },
)
type Selection = Static<typeof Selection>

const Nightly = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$', description: 'How it is called where something is explained' }),
    at: TimeOfDay({ description: 'Local time: `20:00`' }),
    timeZone: TimeZone({ default: 'UTC' }),
    days: Days,
    where: Type.Optional(Selection),
    except: Type.Optional(Type.Array(Selection, { description: 'None of these' })),
  },
  { additionalProperties: false },
)

const WorkingHours = Type.Object(
  {
    from: TimeOfDay(),
    to: TimeOfDay({ description: 'Of the same day, later than `from`' }),
    timeZone: TimeZone({ default: 'UTC' }),
    days: Type.Optional(Type.String({ pattern: daysPattern, default: '1-5' })),
    where: Type.Optional(Selection),
  },
  { additionalProperties: false },
)

export const SuspendConfig = Type.Object(
  {
    idleAfter: Type.Optional(
      Duration({ description: 'Idle time of environments that have none of their own; absent: only those that have' }),
    ),
    nightly: Type.Array(Nightly, {
      default: [{ name: 'night', at: '03:00', timeZone: 'UTC' }],
      maxItems: 1000,
      description: 'Of several that fit, the first one counts. `[]`: no nightly suspension',
    }),
    workingHours: Type.Array(WorkingHours, { default: [], maxItems: 1000, description: 'Nothing is suspended for being idle in these' }),
    deletion: Type.Optional(
      Type.Object(
        {
          afterAge: Type.Optional(Duration({ description: 'Since it was made' })),
          afterUnused: Type.Optional(Duration({ description: 'Since somebody was last seen using it' })),
          notice: Duration({ default: '3d', description: 'It is announced so long before' }),
          except: Type.Optional(Type.Array(Selection)),
        },
        { additionalProperties: false },
      ),
    ),
    most: Type.Integer({ minimum: 1, maximum: 10_000, default: 50, description: 'So many environments are changed in one minute' }),
    dryRun: Type.Boolean({ default: false, description: 'Say what would be done, change nothing' }),
  },
  { additionalProperties: false },
)
type SuspendConfig = Static<typeof SuspendConfig>

interface NightlyRule {
  readonly name: string
  readonly at: string
  readonly cron: string
  readonly timeZone: string
  readonly where: Selection
  readonly except: readonly Selection[]
}

export interface HoursRule {
  readonly from: string
  readonly to: string
  readonly opens: string
  readonly closes: string
  readonly timeZone: string
  readonly where: Selection
}

export interface Policy {
  readonly idleAfterMs: number | null
  readonly nightly: readonly NightlyRule[]
  readonly hours: readonly HoursRule[]
  readonly deletion: {
    readonly afterAgeMs: number | null
    readonly afterUnusedMs: number | null
    readonly noticeMs: number
    readonly except: readonly Selection[]
  }
  readonly most: number
  readonly dryRun: boolean
}

/** @throws StandinError `invalid` with every fault that the schema can't tell */
export function readPolicy(config: SuspendConfig): Policy {
  refuseOddTimes(config)
  const ms = (text: string | undefined) => (text === undefined ? null : parseDuration(text))
  return {
    idleAfterMs: ms(config.idleAfter),
    nightly: config.nightly.map(({ name, at, timeZone, days = '0-7', where = {}, except = [] }) => {
      return { name, at, timeZone, cron: cronAt(at, days), where, except }
    }),
    hours: config.workingHours.map(({ from, to, timeZone, days = '1-5', where = {} }) => {
      return { from, to, timeZone, opens: cronAt(from, days), closes: cronAt(to, days), where }
    }),
    deletion: {
      afterAgeMs: ms(config.deletion?.afterAge),
      afterUnusedMs: ms(config.deletion?.afterUnused),
      noticeMs: ms(config.deletion?.notice) ?? 3 * 86_400_000,
      except: config.deletion?.except ?? [],
    },
    most: config.most,
    dryRun: config.dryRun,
  }
}

export function selects({ labels, template, owner }: Selection, facts: EnvironmentFacts): boolean {
  if (template !== undefined && template !== facts.template) return false
  if (owner !== undefined && owner !== facts.owner) return false
  for (const key in labels) if (facts.labels[key] !== labels[key]) return false
  return true
}

function refuseOddTimes({ nightly, workingHours }: SuspendConfig): void {
  const errors: Fault[] = []
  for (const [kind, rules] of Object.entries({ nightly, workingHours })) {
    for (const [index, { days = '0-7' }] of rules.entries()) {
      if (days.split(',').some((each) => each[0] !== undefined && each[0] > (each[2] ?? '7')))
        errors.push({ path: `/${kind}/${index}/days`, message: `'${days}' has days that end before they begin; 0 and 7 are Sunday` })
    }
  }
  for (const [index, { from, to }] of workingHours.entries()) {
    if (to <= from) errors.push({ path: `/workingHours/${index}/to`, message: `they end at ${to}, before they begin at ${from}` })
  }
  if (errors.length === 0) return
  throw new StandinError('invalid', errors.map(({ message }) => message).join('; '), { errors })
}

function cronAt(time: string, days: string): string {
  return `${Number(time.slice(3))} ${Number(time.slice(0, 2))} * * ${days}`
}
