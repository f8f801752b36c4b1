import type { Deactivation } from '@standin/client'
import type { GroupStep, PersonStep, Plan } from './plan.ts'

/** Of each kind: a run keeps 64 KiB. */
const mostLines = 100

/**
 * A plan as people read it: a line that sums it up, what is wrong, then what is to be done, a line each.
 * @param departures by the id of the user, what becomes of what is theirs
 */
export function planText(source: string, plan: Plan, departures: ReadonlyMap<string, Deactivation>, dryRun: boolean): string[] {
  const of = (kind: PersonStep['kind']) => plan.people.filter((step) => step.kind === kind)
  const { people, groups } = plan.counts
  const made = plan.groups.filter(({ kind }) => kind === 'create').length
  const sums = [
    `create ${of('create').length}`,
    `change ${of('change').length}`,
    `activate ${of('activate').length}`,
    `deactivate ${of('deactivate').length}`,
    `groups: create ${made}, change ${plan.groups.length - made}`,
  ]
  return [
    `${source}: ${people} people and ${groups} groups read; ${dryRun ? 'would ' : ''}${sums.join(', ')}`,
    ...(plan.heldBack === null ? [] : [`! ${plan.heldBack}`]),
    ...some(plan.faults.map((fault) => `! ${fault}`)),
    ...some(plan.notes.map((note) => `? ${note}`)),
    ...(['deactivate', 'activate', 'create', 'change'] as const).flatMap((kind) =>
      some(of(kind).map((step) => personLine(step, departures))),
    ),
    ...some(plan.groups.map(groupLine)),
  ]
}

function personLine(step: PersonStep, departures: ReadonlyMap<string, Deactivation>): string {
  if (step.kind === 'create') return `+ ${step.person.userName}: ${step.person.where}`
  if (step.kind === 'activate') return `+ ${step.user.userName} is back`
  if (step.kind === 'change') {
    const { user, person, fields } = step
    const changes = fields.map((field) => {
      if (field === 'manager' || field === 'externalId' || field === 'source') return field
      return `${field} ${JSON.stringify(user[field])} → ${JSON.stringify(person[field])}`
    })
    return `~ ${user.userName}: ${changes.join(', ')}`
  }
  const departure = departures.get(step.user.id)
  return `- ${step.user.userName}: ${step.because}${departure === undefined ? '' : `; ${departureText(departure)}`}`
}

/** Who gets what. */
export function departureText({ environments, tokens }: Deactivation): string {
  const heirs = Map.groupBy(environments, ({ to, because, role }) => {
    if (to === null) return 'nobody: they stay, orphaned'
    return `${to.userName} (${because}${role === null ? ', who has no role there' : ''})`
  })
  const parts = [...heirs].map(([heir, theirs]) => `${count(theirs.length, 'environment')} to ${heir}`)
  if (tokens.length > 0) parts.push(`${count(tokens.length, 'token')} ${tokens.length === 1 ? 'ends' : 'end'}`)
  return parts.length === 0 ? 'leaves nothing behind' : parts.join(', ')
}

function groupLine(step: GroupStep): string {
  if (step.kind === 'create') return `+ group ${step.group.displayName}: ${count(step.add.length, 'member')}`
  const { known, group, isRenamed, isAdopted, add, remove } = step
  if (group === null) return `~ group ${known.displayName}: gone, emptied of ${count(remove.length, 'member')}; its roles stay`
  const parts = [
    ...(isRenamed ? [`is called ${group.displayName}`] : []),
    ...(isAdopted ? ['is taken over'] : []),
    ...(add.length > 0 ? [`${add.length} join`] : []),
    ...(remove.length > 0 ? [`${remove.length} leave`] : []),
  ]
  return `~ group ${known.displayName}: ${parts.join(', ')}`
}

function some(lines: readonly string[]): string[] {
  return lines.length <= mostLines ? [...lines] : [...lines.slice(0, mostLines), `  … and ${lines.length - mostLines} more of these`]
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`
