import type { HealthState } from '../upstream/upstream-health.ts'
import type { UpstreamCounters, UpstreamLink } from '../upstream/upstream-link.ts'

/** What one process knows of one upstream. Plain JSON. */
export interface UpstreamNumbers {
  readonly label: string
  readonly state: HealthState
  readonly reason: string
  /** Smoothed, ms; null: none was measured. */
  readonly roundTripMs: number | null
  readonly counters: UpstreamCounters
  /** As in `RoundTrips`. */
  readonly roundTrips: readonly number[]
}

/** Upstreams that are told apart in metrics. A file may name thousands; further ones are added up under `others`. */
const mostLabels = 64
const otherUpstreams = 'others'

export function numbersOf({ label, health, counters, roundTrips }: UpstreamLink): UpstreamNumbers {
  const { state, reason, roundTrip } = health
  return {
    label,
    state,
    reason,
    roundTripMs: roundTrip === undefined ? null : Math.round(roundTrip * 100) / 100,
    counters: { ...counters },
    roundTrips: [...roundTrips.values],
  }
}

/** Of several processes together, one an upstream; its state is that of the first that knows it. */
export function sumUpstreams(all: readonly UpstreamNumbers[]): UpstreamNumbers[] {
  const sums = new Map<string, UpstreamNumbers>()
  for (const each of all) {
    const label = sums.has(each.label) || sums.size < mostLabels ? each.label : otherUpstreams
    const before = sums.get(label)
    sums.set(label, before === undefined ? { ...each, label } : together(before, each))
  }
  return [...sums.values()]
}

function together(one: UpstreamNumbers, other: UpstreamNumbers): UpstreamNumbers {
  const counters = { ...one.counters }
  for (const key of Object.keys(counters) as (keyof UpstreamCounters)[]) counters[key] += other.counters[key]
  return { ...one, counters, roundTrips: one.roundTrips.map((value, index) => value + (other.roundTrips[index] ?? 0)) }
}
