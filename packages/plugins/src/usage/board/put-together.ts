import type { UsageSpan } from '../metering/usage-span.ts'
import type { MoneySoFar, QuotaUse } from './board-sources.ts'
import type { Member } from './fleet.ts'
import type { UsageNow } from './usage-now.ts'

/** From here on a quota is shown. */
const nearRatio = 0.8
/** So many of each list are shown. */
const most = 8

export interface Facts {
  readonly at: number
  readonly timeZone: string
  readonly staleSince: number | null
  readonly members: readonly Member[]
  /** What goes on: of environments, and of templates that are stored. */
  readonly spans: readonly UsageSpan[]
  readonly money: MoneySoFar | null
  readonly quotas: readonly QuotaUse[]
  /** Failures that are no environment's: of plugins. */
  readonly failed: UsageNow['failed']
  readonly next: UsageNow['next']
}

export interface Share {
  name: string
  environments: number
  svms: number
  storageBytes: number
  month: number | null
}

/** What the board shows, made of what is known. */
export function putTogether(facts: Facts): UsageNow {
  const { money, timeZone, members, spans } = facts
  const count = (...states: Member['state'][]) => members.filter(({ state }) => states.includes(state)).length
  const states = { running: count('running'), suspended: count('suspended'), stopped: count('stopped'), failed: count('failed') }
  const settled = states.running + states.suspended + states.stopped + states.failed
  const bytes = (ofTemplates: boolean) =>
    spans.reduce((sum, span) => ((span.environment === null) === ofTemplates ? sum + span.storageBytes : sum), 0)
  const projects = shares(members, spans, 'project', money?.monthByProject)
  const owners = shares(members, spans, 'owner', money?.monthByOwner)
  const quotas = facts.quotas.filter(({ ratio }) => ratio >= nearRatio).toSorted((a, b) => b.ratio - a.ratio)
  const failed = [...members.filter(({ state }) => state === 'failed').map(toFailed), ...facts.failed]
  failed.sort((a, b) => b.since.localeCompare(a.since))
  const awake = new Set(members.filter(({ state }) => state !== 'suspended' && state !== 'suspending').map(({ id }) => id))
  return {
    at: new Date(facts.at).toISOString(),
    timeZone,
    staleSince: facts.staleSince === null ? null : new Date(facts.staleSince).toISOString(),
    environments: { ...states, changing: members.length - settled },
    svms: spans.reduce((sum, { svms }) => sum + svms, 0),
    storage: { environmentsBytes: bytes(false), templatesBytes: bytes(true) },
    money:
      money === null
        ? null
        : { currency: money.currency, today: money.today, month: money.month, upTo: new Date(money.upTo).toISOString() },
    projects: projects.slice(0, most),
    owners: owners.slice(0, most),
    quotas: quotas.slice(0, most),
    failed: failed.slice(0, most),
    // It may have gone to sleep since the plugin suspend was asked.
    next: facts.next?.filter(({ environment, action }) => action !== 'suspend' || awake.has(environment)).slice(0, most) ?? null,
    more: {
      projects: beyond(projects.length),
      owners: beyond(owners.length),
      quotas: beyond(quotas.length),
      failed: beyond(failed.length),
    },
  }
}

/** What each project or owner uses, who uses most first: by money where there is any, else by what runs. */
export function shares(
  members: readonly Member[],
  spans: readonly UsageSpan[],
  by: 'project' | 'owner',
  money?: ReadonlyMap<string, number>,
): Share[] {
  const all = new Map<string, Share>()
  const shareOf = (text: string): Share => {
    const name = text.slice(0, 100)
    const known = all.get(name)
    if (known !== undefined) return known
    const share = { name, environments: 0, svms: 0, storageBytes: 0, month: money === undefined ? null : 0 }
    all.set(name, share)
    return share
  }
  for (const member of members) if (member.state === 'running') shareOf(member[by]).environments += 1
  for (const { owner, labels, svms, storageBytes } of spans) {
    const share = shareOf(by === 'owner' ? owner : (labels.project ?? ''))
    share.svms += svms
    share.storageBytes += storageBytes
  }
  for (const [name, month] of money ?? []) shareOf(name).month = month
  return [...all.values()].sort(
    (a, b) => (b.month ?? 0) - (a.month ?? 0) || b.svms - a.svms || b.storageBytes - a.storageBytes || a.name.localeCompare(b.name),
  )
}

function toFailed({ id, name, owner, message, since }: Member): UsageNow['failed'][number] {
  return { environment: id, name, owner, message: message.slice(0, 300), since }
}

function beyond(count: number): number {
  return Math.max(0, count - most)
}
