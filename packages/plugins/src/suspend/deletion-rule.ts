import { suspendLabels } from '@standin/client/suspend-labels'
import { instant, type Step, span } from './decision.ts'
import { countLabel, type EnvironmentFacts, instantLabel, originalKeys } from './facts.ts'
import { type Policy, selects } from './policy.ts'

const hour = 3_600_000
const day = 24 * hour

interface Wish {
  readonly at: number
  readonly rule: string
  readonly because: string
  readonly change: string
  /** Somebody said so of this very environment: that is notice enough. */
  readonly isWished: boolean
}

/**
 * The way to the trash: first the time is written onto the environment, which is an event, then that time has to come. A time
 * that is written there and holds no more (it was used, taken out of the trash, or nobody wants it deleted any longer) is
 * written anew or taken away.
 * @param heldUntil not before, ms since the epoch
 */
export function deletionSteps(facts: EnvironmentFacts, policy: Policy, now: number, heldUntil: number): Step[] {
  const { id, labels } = facts
  const announced = instantLabel(labels, suspendLabels.deletesAt)
  const wish = wishes(facts, policy).toSorted((a, b) => a.at - b.at)[0]
  if (wish === undefined) {
    if (announced === null) return []
    return [labelStep(now, 'it is not to be deleted any more', { [suspendLabels.deletesAt]: null })]
  }
  const wanted = Math.max(wish.at, heldUntil)
  // What changed its state after that time has come back from the trash, or was wanted after all.
  const isOver = announced !== null && announced <= facts.stateChangedAt && announced <= now
  const holds = announced !== null && announced >= wanted && !isOver
  const notice = wish.isWished && !isOver ? Math.min(policy.deletion.noticeMs, hour) : policy.deletion.noticeMs
  const at = holds ? announced : Math.max(wanted, now + (wish.isWished && !isOver && wanted > now ? 0 : notice))
  const deletion: Step = {
    action: 'delete',
    at,
    rule: wish.rule,
    because: wish.because,
    whatWouldChangeIt: [wish.change, `\`standin pin ${id}\` keeps it; from the trash, \`standin undelete ${id}\` brings it back`],
  }
  if (holds) return [deletion]
  // What somebody wishes is told at once, what a rule wants so long before.
  const announceAt = wish.isWished ? now : Math.max(now, at - policy.deletion.noticeMs)
  if (announceAt > now && announced !== null)
    return [labelStep(now, 'the time of its deletion has moved', { [suspendLabels.deletesAt]: null }), deletion]
  const text = `it will be deleted at ${instant(at)}: ${wish.because}`
  return [{ ...labelStep(announceAt, text, { [suspendLabels.deletesAt]: new Date(at).toISOString() }), rule: wish.rule }, deletion]
}

function wishes(facts: EnvironmentFacts, policy: Policy): Wish[] {
  const { labels } = facts
  const found: Wish[] = []
  const date = instantLabel(labels, suspendLabels.deleteAt)
  if (date !== null && !Number.isNaN(date))
    found.push({
      at: date,
      rule: suspendLabels.deleteAt,
      because: `its label ${suspendLabels.deleteAt} says ${labels[suspendLabels.deleteAt]}`,
      change: `another date in that label, or none`,
      isWished: true,
    })
  const days = countLabel(labels, originalKeys.delete, 99_999)
  const counted = instantLabel(labels, suspendLabels.counted)
  if (days !== null && !Number.isNaN(days) && counted !== null && !Number.isNaN(counted))
    found.push({
      at: counted + days * day,
      rule: originalKeys.delete,
      because: `its label ${originalKeys.delete} has counted down${days === 0 ? '' : `, ${days} nights are left`}`,
      change: `another number of days in that label, or none`,
      isWished: true,
    })
  const { afterAgeMs, afterUnusedMs, except } = policy.deletion
  if (except.some((each) => selects(each, facts))) return found
  if (afterAgeMs !== null)
    found.push({
      at: facts.createdAt + afterAgeMs,
      rule: 'age',
      because: `it was made ${instant(facts.createdAt)}, and is kept for ${span(afterAgeMs)}`,
      change: `\`standin extend ${facts.id} 7d\` puts it off`,
      isWished: false,
    })
  // Who used it is not known of one that nobody was seen using.
  if (afterUnusedMs !== null && facts.lastActivityAt !== null)
    found.push({
      at: facts.lastActivityAt + afterUnusedMs,
      rule: 'unused',
      because: `it was used last ${instant(facts.lastActivityAt)}, and is kept for ${span(afterUnusedMs)} after that`,
      change: 'a request through the gateway',
      isWished: false,
    })
  return found
}

function labelStep(at: number, because: string, labels: Step['labels'] & object): Step {
  return { action: 'label', at, rule: 'deletion', because, whatWouldChangeIt: [], labels }
}
