import type { PluginContext } from '@standin/core'
import type { JournalEntry } from './class-book.ts'
import type { ClassKeeper } from './class-keeper.ts'
import { copiesOf, type Seat } from './seat.ts'
import { SeenEnvironments } from './seen-environments.ts'
import type { Phase, Session } from './timetable.ts'

/** `absent`: not made yet; `coming`: it is being made, woken or looked at. */
type SeatState = 'absent' | 'coming' | 'ready' | 'asleep' | 'failed'

interface SeatAnswer {
  readonly seat: number
  readonly name: string
  readonly student: string | null
  readonly state: SeatState
  /** configId, also of what is still coming up; null: there is none. */
  readonly environment: number | null
  /** Null: nothing was well there yet. */
  readonly url: string | null
  /** ISO 8601; null: nobody was seen using it. */
  readonly usedAt: string | null
  /** Somebody wants it made anew, and it is not yet. */
  readonly resetting: boolean
  readonly trouble: string | null
}

/** A class as `GET /classes/<name>` tells it. Instants are ISO 8601. */
export interface ClassAnswer extends ClassSummary {
  readonly seats: readonly SeatAnswer[]
  /** What went wrong, and what was reset, oldest first. */
  readonly report: readonly { readonly at: string; readonly seat: number | null; readonly message: string }[]
}

interface SessionAnswer {
  readonly start: string
  readonly end: string
  /** Where it is held. */
  readonly timeZone: string
}

interface ClassSummary {
  readonly name: string
  readonly template: string
  /** The version that its seats are clones of; null: none was pinned yet. */
  readonly version: string | null
  readonly project: string | null
  readonly phase: Phase['kind']
  /** The session that is prepared or held. */
  readonly session: SessionAnswer | null
  /** The one after that. */
  readonly next: (SessionAnswer & { readonly prepareAt: string }) | null
  readonly count: number
  readonly ready: number
  readonly trouble: string | null
}

const iso = (at: number) => new Date(at).toISOString()
const span = ({ start, end, timeZone }: Session) => ({ start: iso(start), end: iso(end), timeZone })

/** Without its seats: what needs no question to anybody. */
export function summaryOf(keeper: ClassKeeper): ClassSummary {
  const { book, config } = keeper
  const { phase, next } = keeper.standing
  const session = 'session' in phase ? phase.session : null
  return {
    name: book.name,
    template: config?.template ?? '',
    version: book.record.pinned?.template ?? null,
    project: config?.project ?? null,
    phase: phase.kind,
    session: session === null ? null : span(session),
    next: next === null ? null : { ...span(next), prepareAt: iso(next.prepareAt) },
    count: config?.seats ?? 0,
    ready: session === null ? 0 : keeper.readiness(session).ready,
    trouble: session === null ? null : book.record.trouble,
  }
}

export async function answerOf(keeper: ClassKeeper, { client }: PluginContext, signal: AbortSignal): Promise<ClassAnswer> {
  const { book, config } = keeper
  const seen = new SeenEnvironments(client)
  await seen.refresh(book.name, book.seats.flatMap(copiesOf), signal)
  const summary = summaryOf(keeper)
  const start = summary.session === null ? null : Date.parse(summary.session.start)
  const seats = Array.from({ length: config?.seats ?? 0 }, (_, index) => {
    return seatAnswer(book.seat(index + 1), config?.students[index] ?? null, seen, start)
  })
  return { ...summary, seats, report: book.record.journal.map(({ at, seat, message }: JournalEntry) => ({ at: iso(at), seat, message })) }
}

function seatAnswer(seat: Seat, student: string | null, seen: SeenEnvironments, start: number | null): SeatAnswer {
  const { current, next, failure, reset, host, number } = seat
  const environment = seen.of(current ?? next ?? { environment: null })
  const service = environment?.services.find(({ name }) => name === 'www') ?? environment?.services[0]
  // Only what is well gets there, and its own name stays when that is made anew: what is told to a student is never wrong later.
  const url = service === undefined || current === null ? null : host === null ? service.url : service.url.replace(service.hostname, host)
  return {
    ...{ seat: number, name: `${seat.class}-${number}`, student, state: stateOf(seat, seen, start) },
    ...{ environment: environment?.id ?? null, url, usedAt: environment?.lastActivity?.at ?? null },
    ...{ resetting: reset !== null, trouble: failure?.message ?? current?.trouble ?? next?.trouble ?? null },
  }
}

function stateOf({ current, next, failure, checkedFor }: Seat, seen: SeenEnvironments, start: number | null): SeatState {
  if (current === null) return failure !== null ? 'failed' : next === null ? 'absent' : 'coming'
  const { is } = seen.look(current)
  if (is === 'asleep' || is === 'failed') return is
  if (is !== 'up' || (start !== null && checkedFor !== start)) return 'coming'
  return current.trouble === null ? 'ready' : 'failed'
}
