import { createHash } from 'node:crypto'
import type { PluginContext } from '@standin/core'
import type { ClassBook } from './class-book.ts'
import type { Phase, Session } from './timetable.ts'

interface Teller extends Pick<PluginContext, 'client' | 'clock'> {
  readonly book: ClassBook
  readonly signal: AbortSignal
  readonly print: (line: string) => void
}

/** Which seats stand ready for a session, and which do not. */
export interface Readiness {
  readonly ready: number
  readonly missing: readonly number[]
}

/** @param count how many seats there are */
export function readinessOf(book: ClassBook, count: number, session: Session): Readiness {
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  const missing = numbers.filter((number) => {
    const { current, checkedFor } = book.seat(number)
    return current === null || checkedFor !== session.start || current.trouble !== null
  })
  return { ready: count - missing.length, missing }
}

/** That all is ready for a session, and that it began; each once. */
export async function tellSession(
  { kind, session }: Extract<Phase, { session: Session }>,
  { ready, missing }: Readiness,
  teller: Teller,
): Promise<void> {
  const { book, clock } = teller
  const count = `${ready} of ${ready + missing.length} seats are ready`
  if (missing.length === 0 && book.record.readyTold !== session.start) {
    await notify('ready', session.start, count, { ready }, teller)
    await book.save({ readyTold: session.start, endedAt: null })
  }
  if (kind !== 'session' || book.record.beganTold === session.start) return
  const message = missing.length === 0 ? count : `${count}; missing: ${missing.join(', ')}`
  await notify('session-began', session.start, message, { ready, missing }, teller)
  await book.save({ beganTold: session.start, endedAt: null })
  if (missing.length > 0) await book.note({ at: clock.now(), seat: null, message: `a session began, and ${message}` })
}

/** That it is over, and nothing of it is left. */
export async function tellEnd(teller: Teller): Promise<void> {
  const { book, clock } = teller
  const { journal, beganTold } = book.record
  const failures = journal.filter(({ message }) => !message.startsWith('reset by')).length
  const since = journal[0]?.at ?? beganTold ?? 0
  await notify('ended', since, `it is over, and its seats are gone; ${failures} troubles are in its report`, { failures }, teller)
  await book.save({ endedAt: clock.now(), pinned: null, trouble: null })
}

/** That there is nothing to clone, once for each round. */
export async function tellMissing(round: string, message: string, teller: Teller): Promise<void> {
  const { book, clock } = teller
  if (book.record.trouble === message) return
  await book.note({ at: clock.now(), seat: null, message })
  await notify('template-missing', createHash('sha256').update(round).digest('hex').slice(0, 16), message, {}, teller)
  await book.save({ trouble: message })
}

/** @param at tells it from others of its kind: what is told twice under it is told once */
async function notify(kind: string, at: number | string, message: string, data: object, { book, client, signal, print }: Teller) {
  print(`${book.name}: ${message}`)
  const notice = { kind: `classroom.${kind}`, message: `${book.name}: ${message}`.slice(0, 500), data: { class: book.name, ...data } }
  await client.events.notify(notice, { signal, idempotencyKey: `${kind}-${book.name}-${at}` })
}
