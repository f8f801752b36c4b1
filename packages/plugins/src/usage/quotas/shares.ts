import type { QuotaShare } from './quota-text.ts'
import type { QuotaHolder } from './quotas-config.ts'

/** Added up by name, the most first; what has none of it is left out. */
export function sharesOf(amounts: Iterable<readonly [name: string, amount: number]>): QuotaShare[] {
  const byName = new Map<string, number>()
  for (const [name, amount] of amounts) byName.set(name, (byName.get(name) ?? 0) + amount)
  const shares = [...byName].map(([name, used]) => ({ name, used })).filter(({ used }) => used > 0)
  return shares.sort((a, b) => b.used - a.used || (a.name < b.name ? -1 : 1))
}

/** Who spent a project's money; for which projects a user spent theirs. */
export function spentShares(
  { kind, name }: QuotaHolder,
  spent: readonly { readonly project: string; readonly owner: string; readonly cost: number }[],
): QuotaShare[] {
  const own = spent.filter(({ project, owner }) => (kind === 'project' ? project : owner) === name)
  return sharesOf(own.map(({ project, owner, cost }) => [kind === 'project' ? owner : project, cost] as const))
}
