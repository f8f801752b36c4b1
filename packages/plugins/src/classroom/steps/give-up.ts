import { afterFailure, type Seat } from '../seat.ts'
import { type Perform, type SeatWork, save } from './seat-work.ts'

/** What was to take its place did not come up: once more, or not on this occasion. */
export const failNext: Perform<'fail-next'> = async (seat, { because }, work) => {
  const after = afterFailure(seat, work.occasion, because, work.clock.now())
  return reported(after, after.failure === null ? because : `given up: ${because}`, work)
}

/** It is not as it should be, and stays as it is. */
export const report: Perform<'report'> = async (seat, { because }, work) => {
  const environment = seat.current?.environment ?? null
  const failure = { occasion: work.occasion, message: because, at: work.clock.now(), environment, told: false }
  return reported({ ...seat, failure }, because, work)
}

async function reported(seat: Seat, message: string, work: SeatWork): Promise<boolean> {
  work.print(`${work.name}: ${message}`)
  await save(seat, work)
  await work.book.note({ at: work.clock.now(), seat: seat.number, message })
  return true
}

export const tell: Perform<'tell'> = async (seat, _, work) => {
  const { failure, number } = seat
  if (failure === null) return false
  const notice = {
    kind: 'classroom.seat-failed',
    message: `${work.name}: ${failure.message}`.slice(0, 500),
    data: {
      class: seat.class,
      seat: number,
      session: work.session === null ? null : new Date(work.session).toISOString(),
      environment: failure.environment,
    },
  }
  const idempotencyKey = `seat-failed-${seat.class}-${number}-${failure.at}`
  await work.client.events.notify(notice, { signal: work.signal, idempotencyKey })
  return save({ ...seat, failure: { ...failure, told: true } }, work)
}
