import { MetricLayout, type MetricShape } from '@standin/serving/metrics'
import { ruleNames } from '../handlers/rule-names.ts'
import { rcode } from '../wire/protocol.ts'

/**
 * Everything that the resolver counts, but for upstreams, as one list. All labels have a fixed set of values; names and
 * addresses of those who ask are none.
 */

const transports = ['udp', 'tcp'] as const
export const types = ['A', 'AAAA', 'PTR', 'CNAME', 'MX', 'NS', 'SOA', 'SRV', 'TXT', 'HTTPS', 'ANY', 'other'] as const
export const rcodes = [...Object.keys(rcode), 'other']
export const dropReasons = ['noise', 'rate-limit'] as const

const list = {
  queries: {
    name: 'standin_dns_queries_total',
    help: 'Queries that were answered',
    type: 'counter',
    labels: { transport: transports, type: types },
  },
  replies: { name: 'standin_dns_replies_total', help: 'Answers by their response code', type: 'counter', labels: { rcode: rcodes } },
  rules: {
    name: 'standin_dns_rules_total',
    help: 'Answers by the rule that gave them; ready, ready-cache: the same reply as before, given again as a whole',
    type: 'counter',
    labels: { rule: ruleNames },
  },
  dropped: {
    name: 'standin_dns_dropped_queries_total',
    help: 'Messages without an answer: those that are no query, and those of a network that asks too much',
    type: 'counter',
    labels: { reason: dropReasons },
  },
  cut: { name: 'standin_dns_cut_replies_total', help: 'Replies that were cut, as their network asks too much', type: 'counter' },
  cacheHits: {
    name: 'standin_dns_cache_hits_total',
    help: 'Queries that the cache had an answer for, without those of the rule ready-cache',
    type: 'counter',
  },
  cacheMisses: { name: 'standin_dns_cache_misses_total', help: 'Queries that the cache had no answer for', type: 'counter' },
  cacheStale: {
    name: 'standin_dns_cache_stale_total',
    help: 'Answers whose time was over, given as no upstream could be reached',
    type: 'counter',
  },
  cacheEvicted: { name: 'standin_dns_cache_evicted_total', help: 'Answers that had to make room', type: 'counter' },
  cacheEntries: { name: 'standin_dns_cache_entries', help: 'Answers in the cache', type: 'gauge' },
  cacheBytes: { name: 'standin_dns_cache_bytes', help: 'Size of the cache', type: 'gauge' },
  joined: {
    name: 'standin_dns_joined_queries_total',
    help: 'Queries that waited for the same answer as another, so that nobody was asked',
    type: 'counter',
  },
  failed: { name: 'standin_dns_failed_questions_total', help: 'Questions to which no upstream gave an answer', type: 'counter' },
  overloaded: { name: 'standin_dns_overloaded_queries_total', help: 'Queries that were not forwarded as too many wait', type: 'counter' },
  looped: { name: 'standin_dns_looped_queries_total', help: 'Queries that came back to the resolver that sent them', type: 'counter' },
  rebinds: {
    name: 'standin_dns_rebinds_total',
    help: 'Answers of upstreams that were withheld, as they gave a private address for a public name',
    type: 'counter',
  },
  waiting: { name: 'standin_dns_waiting_questions', help: 'Questions that upstreams are asked', type: 'gauge' },
  environments: { name: 'standin_dns_environments', help: 'Environments in the table', type: 'gauge' },
  droppedLines: { name: 'standin_dns_dropped_log_lines_total', help: 'Lines of the log that could not be written', type: 'counter' },
} as const satisfies Record<string, MetricShape>

export type MetricKey = keyof typeof list
export const metrics = new MetricLayout<MetricKey>(list)
