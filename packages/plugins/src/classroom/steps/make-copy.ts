import { randomUUID } from 'node:crypto'
import type { StandinError } from '@standin/client'
import { suspendLabels } from '@standin/client/suspend-labels'
import { afterSwap, type Copy, type Seat } from '../seat.ts'
import { seatLabels } from '../seen-environments.ts'
import { examine } from './examine.ts'
import { failNext } from './give-up.ts'
import { isRefusal, type Perform, type SeatWork, save } from './seat-work.ts'

/** Write down that a copy is to be made. */
export const begin: Perform<'begin'> = async (seat, { round }, work) => {
  const { book, seen, name, print, clock, occasion } = work
  const { pinned } = book.record
  if (pinned === null) return false
  const { template } = pinned
  const attempts = seat.occasion === occasion ? seat.attempts : 0
  const next: Copy = {
    ...{ key: randomUUID(), name: seen.hasName(name) ? `${name}-new` : name, round, template, beganAt: clock.now() },
    ...{ environment: null, unwellSince: null, trouble: null, revivedFor: null },
  }
  print(`${name}: clone ${template}${attempts > 0 ? ', once more' : ''}`)
  return save({ ...seat, occasion, attempts, failure: null, next }, work)
}

/** Make it. The same request may be sent twice: its key tells. */
export const create: Perform<'create'> = async (seat, _, work) => {
  const { next } = seat
  if (next === null) return false
  const { project } = work.config
  const labels = {
    ...{ [seatLabels.class]: seat.class, [seatLabels.seat]: String(seat.number), [seatLabels.key]: next.key },
    ...{ [suspendLabels.pin]: `seat ${seat.number} of the class ${seat.class}` },
    ...(project === undefined ? {} : { project }),
  }
  try {
    const body = { template: next.template, name: next.name, labels }
    const made = await work.client.environments.create(body, { signal: work.signal, idempotencyKey: next.key })
    work.seen.note(made)
    return await save({ ...seat, next: { ...next, environment: made.id } }, work)
  } catch (error) {
    if (!isRefusal(error)) throw error
    return refused(seat, next, error, work)
  }
}

async function refused(seat: Seat, next: Copy, error: StandinError, work: SeatWork): Promise<boolean> {
  const { name, print, book } = work
  if (error.code === 'name_taken' && !next.name.endsWith(next.key.slice(0, 4))) {
    // People may call theirs as they like. Nothing was made: another name is another request, with a key of its own.
    const key = randomUUID()
    return save({ ...seat, next: { ...next, key, name: `${name}-${key.slice(0, 4)}` } }, work)
  }
  // The next attempt takes what the template has by then.
  if (error.code === 'template_not_found') await book.save({ pinned: null })
  const none = { ...seat, next: null }
  // Another reason than room would refuse it without the old one, too.
  if (error.code !== 'quota_exceeded' || seat.current === null || seat.attempts > 0) {
    return failNext(none, { do: 'fail-next', because: error.message }, work)
  }
  print(`${name}: there is no room for two (${error.message}): ${seat.current.environment} goes first`)
  return save({ ...none, attempts: 1, aside: seat.current, current: null }, work)
}

/** What is up and well takes the seat. */
export const checkNext: Perform<'check-next'> = async (seat, _, work) => {
  if (seat.next === null) return false
  const { is, copy } = await examine(seat.next, work)
  if (is === 'ill') return failNext(seat, { do: 'fail-next', because: copy.trouble ?? '' }, work)
  if (is === 'unwell') {
    await save({ ...seat, next: copy }, work)
    return false
  }
  work.print(`${work.name}: ${copy.environment} is ready`)
  return save(afterSwap({ ...seat, next: copy }, work.session), work)
}

export const dropNext: Perform<'drop-next'> = async (seat, _, work) => {
  const leaving = seat.next === null ? seat.leaving : [...seat.leaving, seat.next]
  return save({ ...seat, next: null, failure: null, leaving }, work)
}
