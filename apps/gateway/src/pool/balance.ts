import { canTake, type Lineup, type Slot } from './slot.ts'
import type { Upstream } from './upstream.ts'

/**
 * Ways to choose who is next. All leave out `except` and whoever has `limit` requests already; undefined: nobody can take
 * one more. None of them allocates.
 */

/** Those of equal shares one after the other. @returns index into `lineup.slots`; -1: nobody */
export const evenTurn = (lineup: Lineup, from: number, limit: number, except: Upstream | null): number => {
  const { slots } = lineup
  const { length } = slots
  for (let step = 0; step < length; step++) {
    const index = (from + step) % length
    const { upstream } = slots[index] as Slot
    if (upstream !== except && canTake(upstream, lineup, limit)) return index
  }
  return -1
}

/**
 * Smooth weighted round robin: each gains its share, the one with most pays for all. Shares 5, 1, 1 give a a b a c a a,
 * never five in a row where it can be helped.
 */
export const weightedTurn = (lineup: Lineup, limit: number, except: Upstream | null): Slot | undefined => {
  let best: Slot | undefined
  let total = 0
  for (const slot of lineup.slots) {
    if (slot.upstream === except || !canTake(slot.upstream, lineup, limit)) continue
    slot.credit += slot.share
    total += slot.share
    if (best === undefined || slot.credit > best.credit) best = slot
  }
  if (best !== undefined) best.credit -= total
  return best
}

/** The one with the fewest requests for its share. Who are alike take turns, so that shares count on a quiet pool too. */
export const leastBusy = (lineup: Lineup, limit: number, except: Upstream | null): Slot | undefined => {
  let least = Number.POSITIVE_INFINITY
  for (const slot of lineup.slots) {
    if (slot.upstream === except || !canTake(slot.upstream, lineup, limit)) continue
    const load = loadOf(slot)
    if (load < least) least = load
  }
  let best: Slot | undefined
  let total = 0
  for (const slot of lineup.slots) {
    if (slot.upstream === except || !canTake(slot.upstream, lineup, limit) || loadOf(slot) > least) continue
    slot.credit += slot.share
    total += slot.share
    if (best === undefined || slot.credit > best.credit) best = slot
  }
  if (best !== undefined) best.credit -= total
  return best
}

/** The less busy of two that are drawn by their shares: nearly as even as looking at all, and no herd follows the idlest one. */
export const lessBusyOfTwo = (lineup: Lineup, random: () => number, limit: number, except: Upstream | null): Slot | undefined => {
  const first = draw(lineup, random, limit, except, null)
  if (first === undefined) return undefined
  const second = draw(lineup, random, limit, except, first)
  return second === undefined || loadOf(first) <= loadOf(second) ? first : second
}

/** One more request is counted along, or an endpoint that starts slowly would get all of them at first. */
const loadOf = ({ upstream, share }: Slot): number => (upstream.active === 0 ? 0 : (upstream.active + 1) / share)

/** Somebody other than `drawn`, each as likely as its share of the rest. */
const draw = (lineup: Lineup, random: () => number, limit: number, except: Upstream | null, drawn: Slot | null): Slot | undefined => {
  let rest = random() * (lineup.totalShare - (drawn === null ? 0 : drawn.share))
  let last: Slot | undefined
  for (const slot of lineup.slots) {
    if (slot === drawn) continue
    const fits = slot.upstream !== except && canTake(slot.upstream, lineup, limit)
    if (fits) last = slot
    rest -= slot.share
    // Who can not take it passes it on to the next who can.
    if (rest < 0 && fits) return slot
  }
  return last
}
