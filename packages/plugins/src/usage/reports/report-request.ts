import { StandinError } from '@standin/client'
import { timeZoneFault } from '@standin/core'
import Type, { type Static } from 'typebox'
import { minuteMs } from '../metering/usage-span.ts'
import type { Dimension, Dimensions } from './dimensions.ts'
import { buckets, type Periods, periodsOf, startOfDay } from './periods.ts'

const Moment = (description: string) => Type.Optional(Type.String({ minLength: 10, maxLength: 40, description }))

/** Body of `POST /reports`. */
export const ReportRequest = Type.Object(
  {
    from: Moment(
      'A day (`2026-11-01`, in the time zone) or an instant (`2026-11-01T09:00:00Z`), included; default: the beginning of this month',
    ),
    to: Moment('Not included, where it is an instant; a day is, wholly. Default, and at the latest: now'),
    by: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 140 }), {
        minItems: 1,
        maxItems: 6,
        description: '`environment`, `owner`, `project`, `template`, `version`, and `label:team` for each category',
      }),
    ),
    bucket: Type.Optional(Type.Enum([...buckets])),
    timeZone: Type.Optional(Type.String({ maxLength: 80, description: 'IANA name; default: that of the configuration' })),
    where: Type.Optional(
      Type.Record(Type.String({ maxLength: 140 }), Type.String({ maxLength: 1024 }), {
        maxProperties: 6,
        description: 'Only what has these values: `{"project": "shop"}`',
      }),
    ),
    decimals: Type.Optional(Type.Integer({ minimum: 0, maximum: 6, description: 'Of the money; default 6' })),
  },
  { additionalProperties: false },
)
export type ReportRequest = Static<typeof ReportRequest>

/** A request that was understood: nothing in it depends on when it is read. */
export interface ReportPlan {
  /** Whole minutes, ms. */
  readonly from: number
  readonly to: number
  readonly by: readonly Dimension[]
  /** Null: all of it together. */
  readonly periods: Periods | null
  readonly timeZone: string
  readonly where: readonly (readonly [dimension: Dimension, value: string])[]
  readonly decimals: number
}

const day = 86_400_000

/**
 * @param timeZone where the request names none
 * @throws StandinError `invalid`: an unknown time zone, no date, an end before the beginning, nothing to tell apart by that there is;
 * `too_large`: more than 10,000 periods
 */
export function planReport(request: ReportRequest, dimensions: Dimensions, timeZone: string, now: number): ReportPlan {
  const zone = request.timeZone ?? timeZone
  const fault = timeZoneFault(zone)
  if (fault !== null) throw new StandinError('invalid', fault, { hint: 'Write a name of the IANA database, such as Europe/Berlin or UTC' })
  const today = dateIn(zone, now)
  const from = momentOf(request.from ?? `${today.slice(0, 7)}-01`, zone, 'from', false)
  const wanted = request.to === undefined ? now : momentOf(request.to, zone, 'to', true)
  if (wanted <= from)
    throw new StandinError('invalid', `The range ends before it begins: from ${iso(from)} to ${iso(wanted)}`, {
      hint: 'Give a `to` that is later than `from`',
    })
  const to = Math.min(wanted, now - (now % minuteMs))
  if (to <= from) throw new StandinError('invalid', `The range begins in the future: ${iso(from)}`, { hint: 'Nothing was used then yet' })
  return {
    from,
    to,
    by: [...new Set(request.by ?? ['environment'])].map((id) => dimensions.get(id)),
    periods: request.bucket === undefined ? null : periodsOf(from, to, request.bucket, zone),
    timeZone: zone,
    where: Object.entries(request.where ?? {}).map(([id, value]) => [dimensions.get(id), value] as const),
    decimals: request.decimals ?? 6,
  }
}

/** A day stands for its beginning, or, as an end, for that of the next one. */
function momentOf(text: string, timeZone: string, what: string, isEnd: boolean): number {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    const begin = startOfDay(text, timeZone, what)
    return isEnd ? startOfDay(new Date(Date.parse(text) + day).toISOString().slice(0, 10), timeZone, what) : begin
  }
  // An instant without an offset would be another one on another machine.
  const at = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at))
    throw new StandinError('invalid', `${what}: '${text}' is neither a day nor an instant`, {
      hint: 'Write 2026-11-01, or 2026-11-01T09:00:00Z with its offset',
    })
  return at - (at % minuteMs)
}

function dateIn(timeZone: string, at: number): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at)
}

function iso(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`
}
