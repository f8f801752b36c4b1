import { StandinError } from '@standin/client'
import { afterEnd, type Copy } from '../seat.ts'
import { isGone } from '../seen-environments.ts'
import { unpublish } from './name-seat.ts'
import { type Perform, save } from './seat-work.ts'

export const remove: Perform<'remove'> = async (_, { copy }, { seen, signal, print, name }) => {
  const environment = seen.of(copy)
  if (environment === undefined) return false
  print(`${name}: delete ${environment.id}`)
  try {
    await environment.delete({ reason: `the seat ${name} is made anew, or its class is over`, signal })
  } catch (error) {
    if (!isGone(error)) throw error
    environment.markDeleted()
  }
  return true
}

export const forget: Perform<'forget'> = async (seat, { copy: gone }, work) => {
  const kept = (each: Copy | null) => (each?.key === gone.key ? null : each)
  const leaving = seat.leaving.filter(({ key }) => key !== gone.key)
  return save({ ...seat, current: kept(seat.current), next: kept(seat.next), leaving }, work)
}

export const retire: Perform<'retire'> = async (seat, _, work) => {
  await unpublish(seat, work)
  return save({ ...afterEnd(seat), alias: null, host: null }, work)
}

/** What had to go to make room comes back: there is nothing in its place. */
export const restore: Perform<'restore'> = async (seat, _, work) => {
  const { seen, print, name, signal } = work
  const environment = seat.aside === null ? undefined : seen.of(seat.aside)
  if (environment === undefined) return save({ ...seat, aside: null }, work)
  print(`${name}: ${environment.id} comes back`)
  try {
    const reason = `nothing new for the seat ${name}`
    if (environment.desired === 'deleted') seen.note(await environment.undelete({ reason, signal }))
  } catch (error) {
    if (!(isGone(error) || (error instanceof StandinError && error.kind === 'conflict'))) throw error
    return save({ ...seat, aside: null }, work)
  }
  // It came back stopped: in a session it is woken.
  return save({ ...seat, aside: null, current: seat.aside, checkedFor: null }, work)
}
