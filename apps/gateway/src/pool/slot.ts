import type { Upstream } from './upstream.ts'
import { isUsable } from './upstream-state.ts'

/** An endpoint's place in one pool. Lives as long as the endpoint is in the pool, whatever else of the table changes. */
export class Slot {
  readonly upstream: Upstream
  /** As the table says; 0: drained, only those whose cookie names it get there. */
  weight: number
  /** What counts just now: the weight, or less while it starts slowly. */
  share: number
  /** How far behind its share it is; the sum over a pool is 0. */
  credit = 0

  constructor(upstream: Upstream, weight: number) {
    this.upstream = upstream
    this.weight = weight
    this.share = weight
  }
}

/** Who gets the requests of a pool just now. Made anew when the table or somebody's health changes. */
export interface Lineup {
  readonly slots: readonly Slot[]
  /** Most endpoints are unwell, so all are used. */
  readonly panics: boolean
  /** All shares are the same. */
  readonly isEven: boolean
  readonly totalShare: number
  /** Some start slowly: shares are to be looked at again. */
  readonly isRamping: boolean
}

/** Whether a slot's endpoint may have one more request. */
export const canTake = (upstream: Upstream, lineup: Lineup, limit: number): boolean =>
  upstream.active < limit && (lineup.panics || !upstream.isOnTrial)

/** @param now ms, as `performance.now()` */
export const lineUp = (slots: readonly Slot[], panicBelowPercent: number, slowStartMs: number, now: number): Lineup => {
  let wanted = 0
  let usable = 0
  for (const { weight, upstream } of slots) {
    if (weight === 0) continue
    wanted++
    if (isUsable(upstream.state)) usable++
  }
  const panics = usable * 100 < panicBelowPercent * wanted
  const all = panics ? wanted : usable
  const ready = all === slots.length ? slots : slots.filter(({ weight, upstream }) => weight > 0 && (panics || isUsable(upstream.state)))
  let isEven = true
  let isRamping = false
  let totalShare = 0
  for (const slot of ready) {
    slot.share = slot.weight
    if (slowStartMs > 0) {
      const part = (now - slot.upstream.usableSince) / slowStartMs
      if (part < 1) {
        slot.share *= Math.max(part, leastPart)
        isRamping = true
      }
    }
    totalShare += slot.share
    if (slot.share !== ready[0]?.share) isEven = false
  }
  return { slots: ready, panics, isEven, totalShare, isRamping }
}

/** A slow start begins with this part of the full share, so that there is something to grow. */
const leastPart = 0.01
