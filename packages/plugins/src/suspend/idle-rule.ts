import type { Calendar } from './calendar.ts'
import { instant, type Kept, type Step, span } from './decision.ts'
import type { EnvironmentFacts } from './facts.ts'
import { type HoursRule, type Policy, selects } from './policy.ts'

/**
 * Suspended once nobody has used it for its idle time: since it was used last, or since it woke where that is later. Where
 * it is not known whether anybody did, it stays awake.
 * @param heldUntil not before, ms since the epoch
 */
export function idleStep(facts: EnvironmentFacts, policy: Policy, calendar: Calendar, now: number, heldUntil: number): Step | Kept {
  const { id, lastActivityAt } = facts
  const after = facts.suspendAfterMs ?? policy.idleAfterMs
  const byHand = `\`standin suspend ${id}\` suspends it now`
  if (after === null || after === 0)
    return {
      rule: 'idle',
      because: 'it has no idle time',
      whatWouldChangeIt: ['`suspendAfter` in its blueprint, or `idleAfter` in the configuration of the plugin suspend', byHand],
    }
  if (lastActivityAt === null)
    return {
      rule: 'idle',
      because: `nobody was seen using it yet, and who is not seen may be there all the same: it stays awake, though its idle time is ${span(after)}`,
      whatWouldChangeIt: ['from the first request through the gateway on, its idle time counts', byHand],
    }
  const since = Math.max(lastActivityAt, facts.stateChangedAt)
  const open = openUntil(facts, policy, calendar, Math.max(now, since + after, heldUntil))
  const at = Math.max(since + after, heldUntil, open?.at ?? 0)
  const used = lastActivityAt < facts.stateChangedAt ? `used since it woke at ${instant(since)}` : `used since ${instant(since)}`
  const cause = lastActivityAt < facts.stateChangedAt || facts.lastActivityCause === null ? '' : ` (${facts.lastActivityCause})`
  return {
    action: 'suspend',
    at,
    rule: 'idle',
    because: `not ${used}${cause}, its idle time is ${span(after)}${open === null ? '' : `, but not in working hours (${open.rule.from} to ${open.rule.to} ${open.rule.timeZone})`}`,
    whatWouldChangeIt: [
      'a request through the gateway begins its idle time anew; an open connection holds it',
      `\`standin extend ${id} 4h\` keeps it awake for a while, \`standin pin ${id}\` for good`,
    ],
  }
}

/** The end of the working hours that it would fall into; null: it falls into none. */
function openUntil(facts: EnvironmentFacts, policy: Policy, calendar: Calendar, at: number): { at: number; rule: HoursRule } | null {
  for (const rule of policy.hours) {
    if (!selects(rule.where, facts)) continue
    const opens = calendar.at(rule.opens, rule.timeZone, at)
    const closes = calendar.at(rule.closes, rule.timeZone, at)
    // Between the two, the end comes first.
    if (closes !== null && (opens === null || closes < opens)) return { at: closes, rule }
  }
  return null
}
