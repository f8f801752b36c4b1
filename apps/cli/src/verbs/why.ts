import type { Environment, Problem } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { suspendLabels } from '@standin/client/suspend-labels'
import type { Context } from '../context.ts'
import { formatAge } from '../duration.ts'
import { formatInstant, nameOf } from '../environment-text.ts'
import { oneLine, plainLines } from '../one-line.ts'
import type { Paint } from '../paint.ts'
import { formatPairs } from '../table.ts'
import { lookUp } from '../transition.ts'
import type { Verb } from '../verb.ts'

/** What the plugin suspend answers. */
interface Explained {
  readonly action: 'suspend' | 'resume' | 'delete' | 'label' | 'keep'
  readonly at: number | null
  readonly rule: string
  readonly because: string
  readonly whatWouldChangeIt: readonly string[]
  readonly later: readonly Pick<Explained, 'action' | 'at' | 'rule' | 'because' | 'whatWouldChangeIt'>[]
  readonly faults: readonly string[]
  readonly dryRun: boolean
}

export const why: Verb<readonly [string]> = {
  description:
    'Who or what brought it into its state, which step of the plugin suspend comes next and when, by which rule, and what would change\n' +
    'that. Nothing is changed by asking.',
  arguments: [{ name: '<env>', description: 'name or configId', completes: 'environment' }],
  examples: [
    ['standin why alice', 'why it is awake, or asleep'],
    ['standin why 1001 --json | jq -r .next.because', 'in one sentence'],
  ],
  async run(context, [ref]) {
    const [environment] = await lookUp(context, [ref])
    if (!environment) return
    const next = await explain(context, environment)
    if (next === null) {
      context.messages.info(
        'No plugin suspend runs inside of this control plane, which is the one that is asked. One that `standin plugin run` has beside it\n' +
          `answers at the address that it said it listens on: GET /v1/plugins/suspend/environments/${environment.id}, with your token.\n` +
          'To have one, name it in standin.config.yaml; docs/guide/suspend.md says how.',
      )
    }
    const { id, name, state, desired, reason, lastActivity, labels } = environment
    const value = { environment: id, name, state, desired, reason, lastActivity, next }
    await context.output.one(value, () => format({ ...environment, labels }, next, context.output.paint, Date.now()))
  },
}

/** Null: no plugin suspend runs in this control plane. */
async function explain(context: Context, { id }: Environment): Promise<Explained | null> {
  const { url, token } = await context.findConnection()
  const address = new URL(`v1/plugins/suspend/environments/${id}`, url.endsWith('/') ? url : `${url}/`)
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(30_000)])
  const response = await fetch(address, { headers: { authorization: `Bearer ${token}` }, signal })
  if (response.ok) return (await response.json()) as Explained
  const problem = (await response.json().catch(() => null)) as Problem | null
  if (response.status === 404) return null
  throw problem === null ? new StandinError('unreachable', `${url} answered ${response.status}.`) : StandinError.fromProblem(problem)
}

const words = { suspend: 'suspended', resume: 'woken', delete: 'moved to the trash', label: 'marked', keep: 'nothing' } as const

function format(environment: Environment, next: Explained | null, paint: Paint, now: number): string {
  const { state, reason, lastActivity, stateChangedAt } = environment
  const pairs: [string, string][] = [
    ['environment', nameOf(environment)],
    ['state', `${paint.state(state)}, for ${formatAge(now - Date.parse(stateChangedAt))}`],
    ['because', `${plainLines(reason.message)}\n${paint.dim(`${reason.actor}, ${formatInstant(reason.at)}`)}`],
    [
      'used',
      lastActivity === null
        ? 'nobody was seen'
        : `${formatInstant(lastActivity.at)}${lastActivity.cause ? `, ${oneLine(lastActivity.cause)}` : ''}`,
    ],
  ]
  if (next === null) {
    const kept = [suspendLabels.pin, suspendLabels.awakeUntil, suspendLabels.deletesAt].filter(
      (key) => environment.labels[key] !== undefined,
    )
    if (kept.length > 0) pairs.push(['labels', kept.map((key) => oneLine(`${key}=${environment.labels[key]}`)).join(', ')])
    pairs.push(['next', 'not known: no plugin suspend runs inside of this control plane'])
    return formatPairs(pairs, paint.dim)
  }
  // What is only written onto it, such as that its deletion is announced, is no change of its own.
  const [first = { ...next, action: 'keep', at: null } as const, ...later] = [next, ...next.later].filter(
    ({ action }) => action !== 'label',
  )
  pairs.push(['next', `${line(first, now)}${next.dryRun && first.action !== 'keep' ? ' (not really: a dry run)' : ''}`])
  pairs.push(['by rule', `${oneLine(first.rule)}\n${oneLine(first.because)}`])
  if (first.whatWouldChangeIt.length > 0) pairs.push(['changed by', first.whatWouldChangeIt.map(oneLine).join('\n')])
  if (later.length > 0) pairs.push(['then', later.map((each) => `${line(each, now)}: ${oneLine(each.rule)}`).join('\n')])
  if (next.faults.length > 0) pairs.push(['wrong', next.faults.map((fault) => paint.red(oneLine(fault))).join('\n')])
  return formatPairs(pairs, paint.dim)
}

function line({ action, at }: Pick<Explained, 'action' | 'at'>, now: number): string {
  if (at === null) return words[action]
  return at <= now ? `${words[action]}, within a minute or two` : `${words[action]} at ${formatInstant(at)}, in ${formatAge(at - now)}`
}
