import { suspendLabels } from '@standin/client/suspend-labels'
import { instant, type Step } from './decision.ts'
import { countLabel, type EnvironmentFacts, instantLabel, originalKeys } from './facts.ts'

const hour = 3_600_000
const day = 24 * hour
const keys = [originalKeys.delay, originalKeys.delete]

/**
 * `shutdown_delay` and `delete_environment` are days that become fewer by one each night, at `shutdown_time`. Which night was
 * counted stands beside them, written in the same change: none is counted twice, and those that nobody was there for
 * are made up for.
 */
export function countDownStep({ labels }: EnvironmentFacts, now: number): Step | null {
  const counts = keys.flatMap((key) => {
    const count = countLabel(labels, key, 99_999)
    return count === null || Number.isNaN(count) ? [] : [{ key, count }]
  })
  const counted = instantLabel(labels, suspendLabels.counted)
  if (counts.length === 0) {
    if (counted === null) return null
    return step(now, 'nothing is counted down any more', { [suspendLabels.counted]: null })
  }
  const given = countLabel(labels, originalKeys.time, 23)
  const time = (given === null || Number.isNaN(given) ? 3 : given) * hour
  const night = Math.floor((now - time) / day) * day + time
  const at = { [suspendLabels.counted]: new Date(night).toISOString() }
  if (counted === null || Number.isNaN(counted) || counted > now) return step(now, 'its days are counted from now on', at)
  const nights = Math.round((night - counted) / day)
  if (nights < 1) return step(night + day, `the night of ${instant(night + day)} is counted`, {})
  const left = counts.map(({ key, count }) => [key, leftOf(key, count - nights)] as const)
  return step(night, `the night of ${instant(night)} is counted: ${left.map(([key, text]) => `${key} ${text ?? 'ends'}`).join(', ')}`, {
    ...Object.fromEntries(left),
    ...at,
  })
}

/** A delay stays for the night in which it ends, so that this one is left out, too; no day left is what deletes an environment. */
function leftOf(key: string, count: number): string | null {
  return count < 0 && key === originalKeys.delay ? null : String(Math.max(0, count))
}

function step(at: number, because: string, labels: NonNullable<Step['labels']>): Step {
  return { action: 'label', at, rule: 'count-down', because, whatWouldChangeIt: [], labels }
}
