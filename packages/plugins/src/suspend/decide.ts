import { suspendLabels } from '@standin/client/suspend-labels'
import type { Calendar } from './calendar.ts'
import { countDownStep } from './count-down.ts'
import { type Decision, instant, type Kept, type Step } from './decision.ts'
import { deletionSteps } from './deletion-rule.ts'
import { type EnvironmentFacts, instantLabel, labelFaults } from './facts.ts'
import { idleStep } from './idle-rule.ts'
import { nightlyStep } from './nightly-rule.ts'
import type { Policy } from './policy.ts'

/**
 * What is to happen to an environment next, when, by which rule. Pure: the same answer whoever asks, the plugin that acts on
 * it or somebody who wonders. What can't be known or understood keeps an environment awake.
 * @param now ms since the epoch
 */
export function decide(facts: EnvironmentFacts, policy: Policy, calendar: Calendar, now: number): Decision {
  const { id, labels } = facts
  const faults = labelFaults(labels)
  const keep = (rule: string, because: string, ...whatWouldChangeIt: string[]): Decision => {
    return { action: 'keep', at: null, rule, because, whatWouldChangeIt, later: [], faults }
  }
  if (facts.kind !== 'clone')
    return keep('kind', facts.kind === 'attachment' ? 'what is attached runs elsewhere and is not ours' : 'it belongs to a build')
  if (facts.desired === 'deleted') return keep('trash', facts.reason, `\`standin undelete ${id}\` brings it back`)
  const pin = labels[suspendLabels.pin]
  if (pin !== undefined && labels[suspendLabels.deletesAt] !== undefined) {
    const kept = keep('pin', 'it is pinned, and so will not be deleted')
    return { ...kept, action: 'label', at: now, labels: { [suspendLabels.deletesAt]: null } }
  }
  if (pin !== undefined)
    return keep('pin', `it is pinned${pin === '' ? '' : `: ${pin}`}`, `\`standin unpin ${id}\` lets the rules decide again`)
  const extended = instantLabel(labels, suspendLabels.awakeUntil)
  if (Number.isNaN(extended)) return keep('extension', faults[0] ?? '', `\`standin unpin ${id}\` takes the label away`)

  const heldUntil = extended ?? 0
  const asleep = sleep(facts, policy, calendar, now, heldUntil)
  const counting = countDownStep(facts, now)
  const steps = [...deletionSteps(facts, policy, now, heldUntil), ...(counting === null ? [] : [counting]), ...asleep.steps]
  steps.sort((a, b) => a.at - b.at)
  const [first, ...later] = steps
  if (first === undefined) return { ...keep(asleep.kept.rule, asleep.kept.because), whatWouldChangeIt: asleep.kept.whatWouldChangeIt }
  const isExtended = heldUntil > now && first.at >= heldUntil && first.action !== 'label'
  const because = isExtended ? `${first.because}, not before ${instant(heldUntil)}: it was extended` : first.because
  return { ...first, because, later, faults }
}

/** Suspending and waking. */
function sleep(facts: EnvironmentFacts, policy: Policy, calendar: Calendar, now: number, heldUntil: number): { steps: Step[]; kept: Kept } {
  const { id, state, desired, neededBy } = facts
  const none = (rule: string, because: string, ...whatWouldChangeIt: string[]) => ({
    steps: [],
    kept: { rule, because, whatWouldChangeIt },
  })
  if (state === 'suspended' && desired === 'suspended') {
    if (neededBy.length === 0) return none('asleep', facts.reason, `a request to it, or \`standin resume ${id}\`, wakes it`)
    const because = `${neededBy.join(', ')} ${neededBy.length === 1 ? 'is' : 'are'} awake and needs it`
    return {
      steps: [
        { action: 'resume', at: now, rule: 'needed', because, whatWouldChangeIt: [`the label ${suspendLabels.needs} of what needs it`] },
      ],
      kept: { rule: 'needed', because, whatWouldChangeIt: [] },
    }
  }
  if (state !== 'running' || desired !== 'running')
    return none('state', `it is ${state}: ${facts.reason}`, `\`standin resume ${id}\` starts it`)
  if (!facts.canSuspend) return none('provider', 'its provider can not suspend', `\`standin stop ${id}\` takes it out of service`)
  if (neededBy.length > 0) return none('needed', `it is needed by ${neededBy.join(', ')}, awake`, 'it may be suspended once those are')
  if (facts.busyUntil !== null && facts.busyUntil > now)
    return none('busy', `its application says that it is busy until ${instant(facts.busyUntil)}`, 'it is asked again then')
  const idle = idleStep(facts, policy, calendar, now, heldUntil)
  const night = nightlyStep(facts, policy, calendar, now, heldUntil)
  return { steps: [...('action' in idle ? [idle] : []), ...(night === null ? [] : [night])], kept: 'action' in idle ? noRule : idle }
}

const noRule: Kept = { rule: 'none', because: 'no rule says anything of it', whatWouldChangeIt: [] }
