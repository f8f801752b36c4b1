import type { Copy } from '../seat.ts'
import { checkSeat } from './check-seat.ts'
import type { SeatWork } from './seat-work.ts'

/** What is found not to be well is looked at again for so long, ms. */
const unwellMs = 2 * 60_000

/** @returns the copy with what was found; `unwell`: it may need a while yet, `ill`: it had that */
export async function examine(copy: Copy, work: SeatWork): Promise<{ readonly is: 'well' | 'unwell' | 'ill'; readonly copy: Copy }> {
  const { seen, config, signal, clock } = work
  const environment = seen.of(copy)
  const trouble = environment === undefined ? 'it is gone' : await checkSeat(environment, config.check, signal)
  if (trouble === null) return { is: 'well', copy: { ...copy, unwellSince: null, trouble } }
  const now = clock.now()
  const unwellSince = copy.unwellSince ?? now
  return { is: now - unwellSince < unwellMs ? 'unwell' : 'ill', copy: { ...copy, unwellSince, trouble } }
}
