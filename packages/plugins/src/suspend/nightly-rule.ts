import { suspendLabels } from '@standin/client/suspend-labels'
import type { Calendar } from './calendar.ts'
import { makeUpMs } from './calendar.ts'
import { instant, type Step } from './decision.ts'
import { countLabel, type EnvironmentFacts, instantLabel, originalKeys } from './facts.ts'
import { type Policy, selects } from './policy.ts'

/** Somebody who used it so lately is not interrupted by the night. */
const graceMs = 15 * 60_000
const day = 86_400_000

interface Night {
  readonly name: string
  readonly cron: string
  readonly timeZone: string
  readonly words: string
}

/** The nightly rule that counts for an environment; null: it is exempt, or none fits. */
function nightOf(facts: EnvironmentFacts, policy: Policy): Night | null {
  const hour = facts.labels[originalKeys.time]
  if (hour === '-') return null
  if (hour !== undefined) {
    const known = countLabel(facts.labels, originalKeys.time, 23)
    if (known === null || Number.isNaN(known)) return null
    return { name: originalKeys.time, cron: `0 ${known} * * *`, timeZone: 'UTC', words: `${String(known).padStart(2, '0')}:00 UTC` }
  }
  for (const rule of policy.nightly) {
    if (!selects(rule.where, facts) || rule.except.some((each) => selects(each, facts))) continue
    return { name: `nightly ${rule.name}`, cron: rule.cron, timeZone: rule.timeZone, words: `${rule.at} ${rule.timeZone}` }
  }
  return null
}

/**
 * The next night at which it is suspended. One that passed is still due for six hours, where the environment was awake
 * before it; who woke it since then keeps it until the next one.
 * @param heldUntil not before, ms since the epoch
 */
export function nightlyStep(facts: EnvironmentFacts, policy: Policy, calendar: Calendar, now: number, heldUntil: number): Step | null {
  const night = nightOf(facts, policy)
  if (night === null) return null
  const delay = countLabel(facts.labels, originalKeys.delay, 99_999) ?? 0
  if (Number.isNaN(delay)) return null
  const { last, next } = calendar.around(night.cron, night.timeZone, now)
  const quietAt = Math.max(heldUntil, facts.lastActivityAt === null ? 0 : facts.lastActivityAt + graceMs)
  // The night that was counted last is one of those that are left out.
  const counted = facts.labels[originalKeys.delay] === undefined ? 0 : (instantLabel(facts.labels, suspendLabels.counted) ?? 0)
  const isOwed = delay === 0 && last !== null && last > counted && facts.stateChangedAt < last && Math.max(last, quietAt) < last + makeUpMs
  const due = isOwed ? last : next
  if (due === null) return null
  const at = isOwed ? Math.max(due, quietAt) : Math.max(due + delay * day, heldUntil)
  return {
    action: 'suspend',
    at,
    rule: night.name,
    because:
      `every night at ${night.words} what runs is suspended` +
      (delay > 0 ? `, ${delay} nights from now: ${originalKeys.delay} is ${delay}` : '') +
      (at > due + delay * day ? `, put off to ${instant(at)}` : ''),
    whatWouldChangeIt: [
      `\`standin extend ${facts.id} 4h\` keeps it awake for a while, \`standin pin ${facts.id}\` for good`,
      `the label ${originalKeys.time}=- exempts it from nightly suspension, a number is another hour of UTC`,
      ...(delay === 0 ? [`the label ${originalKeys.delay}=2 leaves out two nights`] : []),
    ],
  }
}
