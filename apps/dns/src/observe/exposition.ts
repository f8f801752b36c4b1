import { Exposition, histogramSamples, type LooseMetric, type Sample, type Scrape } from '@standin/serving/exposition'
import { roundTripBounds } from '../upstream/round-trips.ts'
import { metrics } from './metric-list.ts'
import type { UpstreamNumbers } from './upstream-numbers.ts'

export interface ResolverScrape extends Scrape {
  readonly upstreams: readonly UpstreamNumbers[]
}

const roundTripName = 'standin_dns_upstream_duration_seconds'
const failures = ['silent', 'unreachable', 'unfit', 'suspicious'] as const

const loose: readonly LooseMetric<ResolverScrape>[] = [
  {
    name: 'standin_dns_upstream_queries_total',
    help: 'Messages that were sent to an upstream',
    type: 'counter',
    samples: ({ upstreams }) => upstreams.map(({ label, counters }) => ({ labels: { upstream: label }, value: counters.asked })),
  },
  {
    name: 'standin_dns_upstream_failures_total',
    help: 'Messages to an upstream of which nothing came in time, that could not be sent, whose reply was no use, or was not believed',
    type: 'counter',
    samples: ({ upstreams }) =>
      upstreams.flatMap(({ label, counters }) =>
        failures.map((reason): Sample => ({ labels: { upstream: label, reason }, value: counters[reason] })),
      ),
  },
  {
    name: 'standin_dns_upstream_up',
    help: 'Whether an upstream answers, as far as is known: 0 while it is down',
    type: 'gauge',
    samples: ({ upstreams }) => upstreams.map(({ label, state }) => ({ labels: { upstream: label }, value: state === 'down' ? 0 : 1 })),
  },
  {
    name: roundTripName,
    help: 'From a message to an upstream to its reply',
    type: 'histogram',
    samples: ({ upstreams }) =>
      upstreams.flatMap(({ label, roundTrips }) => {
        const shape = {
          name: roundTripName,
          help: '',
          type: 'histogram' as const,
          bounds: roundTripBounds,
          offset: 0,
          size: roundTrips.length,
        }
        return histogramSamples(shape, roundTrips, { upstream: label })
      }),
  },
]

/** The resolver's page of metrics. */
export const resolverExposition = (take: () => Promise<ResolverScrape>) => new Exposition('standin_dns', metrics, take, loose)
