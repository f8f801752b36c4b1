import type { Step, StepName } from '../next-step.ts'
import type { Seat } from '../seat.ts'
import { forget, remove, restore, retire } from './clear-copies.ts'
import { failNext, report, tell } from './give-up.ts'
import { checkCurrent, rest, wake } from './keep-copy.ts'
import { begin, checkNext, create, dropNext } from './make-copy.ts'
import { publish, rename } from './name-seat.ts'
import type { Perform, SeatWork } from './seat-work.ts'

const performers: { readonly [N in StepName]: Perform<N> } = {
  wait: async () => false,
  tell,
  retire,
  forget,
  publish,
  restore,
  remove,
  begin,
  create,
  'check-next': checkNext,
  'fail-next': failNext,
  'drop-next': dropNext,
  wake,
  'check-current': checkCurrent,
  report,
  rest,
  rename,
}

/** Do one thing for a seat; it may be done twice. @returns whether there may be more to do at once */
export function performStep(seat: Seat, step: Step, work: SeatWork): Promise<boolean> {
  return (performers[step.do] as (seat: Seat, step: Step, work: SeatWork) => Promise<boolean>)(seat, step, work)
}
