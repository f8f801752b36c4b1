import type { Environment } from '@standin/client'
import { suspendLabels } from '@standin/client/suspend-labels'

type Named = Pick<Environment, 'id' | 'name' | 'labels' | 'desired' | 'state'>

/** What sleeps, or will not be woken by itself. */
const atRest: ReadonlySet<Environment['state']> = new Set(['suspended', 'stopped', 'failed', 'deleting', 'deleted'] as const)

/** What an environment says that it needs: names and configIds. */
function needsOf(labels: Environment['labels']): string[] {
  return (labels[suspendLabels.needs] ?? '').split(/[\s,]+/).filter((ref) => ref !== '')
}

/**
 * Who is awake and needs whom: configId → names. So what needs others goes to sleep before them, and they wake with it. Those
 * that need each other in a circle don't keep each other awake.
 */
export function neededBy(environments: readonly Named[]): Map<number, string[]> {
  const needing = environments.filter(({ labels }) => labels[suspendLabels.needs] !== undefined)
  const needed = new Map<number, string[]>()
  if (needing.length === 0) return needed
  const known = new Map(environments.flatMap((each) => [[each.name, each] as const, [String(each.id), each] as const]))
  const direct = (each: Named) => needsOf(each.labels).flatMap((ref) => known.get(ref) ?? [])
  const reaches = (from: Named, goal: Named) => {
    const seen = new Set<Named>([from])
    for (const each of seen) {
      if (each === goal) return true
      for (const next of direct(each)) seen.add(next)
    }
    return false
  }
  for (const each of needing) {
    // Who is still going to sleep needs them until it does.
    if (each.desired !== 'running' && atRest.has(each.state)) continue
    for (const other of direct(each)) {
      if (reaches(other, each)) continue
      needed.set(other.id, [...(needed.get(other.id) ?? []), each.name])
    }
  }
  return needed
}
