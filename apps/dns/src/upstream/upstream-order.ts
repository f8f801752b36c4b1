import type { UpstreamLink } from './upstream-link.ts'

/** `best`: by health and round trip. `strict`: as they are listed. `all`: all at once. */
export type OrderMode = 'best' | 'strict' | 'all'

/** Whom to ask for one question. */
export interface Turn {
  /** One after the other, as each fails or takes too long. */
  readonly links: readonly UpstreamLink[]
  /** So many of the first are asked at once. */
  readonly atOnce: number
}

/**
 * Those that are down come last and are asked only to see whether they are back, one at a time beside one that works; so are
 * those that aren't the best, now and then, or nobody would know that one has become better.
 */
export function turnOf(links: readonly UpstreamLink[], mode: OrderMode, now: number): Turn {
  if (links.length < 2) return { links, atOnce: 1 }
  const up = links.filter(({ health }) => health.state !== 'down')
  const down = links.filter(({ health }) => health.state === 'down')
  if (mode === 'all') return { links: [...up, ...down], atOnce: links.length }
  if (mode === 'best') up.sort((one, other) => Number(isFailing(one)) - Number(isFailing(other)) || roundTrip(one) - roundTrip(other))
  const ordered = [...up, ...down]
  // Who wants their order kept wants nobody but the first to hear of what is asked; unless it is down.
  const isCandidate = (link: UpstreamLink) =>
    link !== ordered[0] && (mode === 'best' || links.indexOf(link) < links.indexOf(ordered[0] as UpstreamLink))
  const probe = ordered.find((link) => isCandidate(link) && link.health.takeProbe(now))
  if (probe === undefined) return { links: ordered, atOnce: 1 }
  const [first, ...rest] = ordered
  return { links: [first as UpstreamLink, probe, ...rest.filter((link) => link !== probe)], atOnce: 2 }
}

function isFailing({ health }: UpstreamLink): boolean {
  return health.state === 'failing'
}

/** One that isn't known is worth a try. */
function roundTrip({ health }: UpstreamLink): number {
  return health.roundTrip ?? 0
}
