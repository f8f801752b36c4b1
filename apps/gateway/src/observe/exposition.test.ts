import { describe, expect, it } from 'vitest'
import type { Exchange } from '../exchange/exchange.ts'
import { Counts } from './counts.ts'
import { gatewayExposition } from './exposition.ts'
import { metrics } from './metric-list.ts'

const ended = (more: object) =>
  ({
    head: { method: 'GET', version: '1.1' },
    status: 200,
    upstreamMs: 3,
    heldMs: 0,
    flag: '',
    retries: 0,
    bytesSent: 10,
    ...more,
  }) as unknown as Exchange

const pageOf = (values: readonly number[]) =>
  gatewayExposition(async () => ({
    values,
    workers: [{ worker: 1, residentBytes: 5e7, cpuSeconds: 1.5 }],
    isFollowing: true,
    revision: 7,
  }))
    .page()
    .then(({ text }) => text)

describe('Exposition', () => {
  it('shows what was counted, with labels of a fixed set', async () => {
    const counts = new Counts()
    counts.observe(ended({}), 1)
    counts.observe(ended({ head: { method: 'BREW', version: '2.0' }, status: 503, flag: 'no_endpoint', heldMs: 700, upstreamMs: 0 }), 1)
    counts.observe(ended({ head: { method: 'POST', version: '1.0' }, status: 0, flag: 'what is that', retries: 1 }), 1)
    counts.add('refusedConnections', 1)
    const page = await pageOf(counts.values)
    const lines = page.split('\n')
    expect(lines).toContain('standin_gateway_requests_total{protocol="1.1",status="2xx",method="GET"} 1')
    expect(lines).toContain('standin_gateway_requests_total{protocol="2.0",status="5xx",method="other"} 1')
    expect(lines).toContain('standin_gateway_requests_total{protocol="1.0",status="none",method="POST"} 1')
    expect(lines).toContain('standin_gateway_unusual_endings_total{reason="no_endpoint"} 1')
    expect(lines).toContain('standin_gateway_unusual_endings_total{reason="other"} 1')
    expect(lines).toContain('standin_gateway_refused_connections_total{reason="connections-per-client"} 1')
    expect(lines).toContain('standin_gateway_hold_duration_seconds_bucket{le="0.5"} 0')
    expect(lines).toContain('standin_gateway_hold_duration_seconds_bucket{le="1"} 1')
    expect(lines).toContain('standin_gateway_hold_duration_seconds_sum 0.7')
    expect(lines).toContain('standin_gateway_upstream_duration_seconds_bucket{le="0.0025"} 0')
    expect(lines).toContain('standin_gateway_upstream_duration_seconds_count 2')
    expect(lines).toContain('standin_gateway_retries_total 1')
    expect(lines).toContain('standin_gateway_sent_bytes_total 30')
    expect(lines).toContain('standin_gateway_table_revision 7')
    expect(lines).toContain('standin_gateway_worker_resident_bytes{worker="1"} 50000000')
    expect(page).toContain('process_resident_memory_bytes')
    expect(page).toContain('# TYPE standin_gateway_request_duration_seconds histogram')
  })

  it('sums workers, and keeps what an ended one had counted but not what it had open', async () => {
    const [first, second, base] = [new Counts(), new Counts(), new Counts()]
    first.add('connections', 0, 3)
    first.set('openConnections', 2)
    second.add('connections', 0, 4)
    second.set('openConnections', 1)
    const both = await pageOf(metrics.sum([base.values, first.values, second.values]))
    expect(both).toContain('standin_gateway_connections_total{scheme="http"} 7')
    expect(both).toContain('standin_gateway_open_connections 3')
    base.addCounted(first.values)
    const one = await pageOf(metrics.sum([base.values, second.values]))
    expect(one).toContain('standin_gateway_connections_total{scheme="http"} 7')
    expect(one).toContain('standin_gateway_open_connections 1')
  })
})
