import { StandinError } from '@standin/client'
import { examine } from './examine.ts'
import { failNext, report } from './give-up.ts'
import { isRefusal, type Perform, save } from './seat-work.ts'

/** Whether what it has will do for this session. */
export const checkCurrent: Perform<'check-current'> = async (seat, { copy: current }, work) => {
  const { is, copy } = await examine(current, work)
  if (is === 'unwell') {
    await save({ ...seat, current: copy }, work)
    return false
  }
  const checked = { ...seat, current: { ...copy, unwellSince: null }, checkedFor: work.session }
  if (is === 'ill') return report(checked, { do: 'report', because: copy.trouble ?? '' }, work)
  work.print(`${work.name}: ${copy.environment} is ready`)
  return save(checked, work)
}

export const wake: Perform<'wake'> = async (seat, { copy }, work) => {
  const { signal, session, book, seen, print, name } = work
  const environment = seen.of(copy)
  if (environment === undefined) return false
  print(`${name}: wake ${copy.environment}`)
  // Once for each session; and what comes up anew is looked at anew.
  if (environment.state === 'failed') await save({ ...seat, current: { ...copy, revivedFor: session }, checkedFor: null }, work)
  const call = { reason: `the class ${seat.class} begins`, signal }
  try {
    seen.note(await (environment.state === 'suspended' ? environment.resume(call) : environment.start(call)))
    return true
  } catch (error) {
    if (!isRefusal(error)) throw error
    const latest = book.seat(seat.number)
    const because = `it could not be woken: ${error.message}`
    if (copy === seat.next) return failNext(latest, { do: 'fail-next', because }, work)
    return report({ ...latest, checkedFor: session }, { do: 'report', because }, work)
  }
}

export const rest: Perform<'rest'> = async (_, { copy }, { signal, seen, print, name }) => {
  const environment = seen.of(copy)
  if (environment === undefined) return false
  print(`${name}: suspend ${copy.environment}`)
  const call = { reason: 'no session of its class is near', signal }
  try {
    const resting = environment.suspend(call).catch((error: unknown) => {
      if (error instanceof StandinError && error.code === 'unsupported') return environment.stop(call)
      throw error
    })
    seen.note(await resting)
  } catch (error) {
    if (!(error instanceof StandinError && error.kind === 'conflict')) throw error
  }
  return false
}
