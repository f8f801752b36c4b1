import { errorTable } from '@standin/client/errors'
import { MetricLayout, type MetricShape } from '@standin/serving/metrics'
import { upstreamStates } from '../pool/upstream-state.ts'

/**
 * Everything that the gateway counts, as one list.
 * All labels have a fixed set of values; hosts, ids and paths are none.
 */

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'] as const
export const statuses = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const
export const protocols = ['1.0', '1.1', '2.0'] as const
export const reasons = [...Object.keys(errorTable), 'client_gone', 'client_stalled', 'upstream_cut', 'fault', 'other'] as readonly string[]
const durations = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

const list = {
  requests: {
    name: 'standin_gateway_requests_total',
    help: 'Requests that have ended',
    type: 'counter',
    labels: { method: methods, status: statuses, protocol: protocols },
  },
  duration: {
    name: 'standin_gateway_request_duration_seconds',
    help: 'From the head of a request to the end of its response, without WebSockets',
    type: 'histogram',
    bounds: durations,
  },
  upstreamDuration: {
    name: 'standin_gateway_upstream_duration_seconds',
    help: 'Until an endpoint began to answer, without the time that a request was held',
    type: 'histogram',
    bounds: durations,
  },
  holdDuration: {
    name: 'standin_gateway_hold_duration_seconds',
    help: 'How long requests waited for their environment, of those that did',
    type: 'histogram',
    bounds: durations,
  },
  unusual: {
    name: 'standin_gateway_unusual_endings_total',
    help: 'Requests that did not go as usual, by the reason in the access log',
    type: 'counter',
    labels: { reason: reasons },
  },
  retries: { name: 'standin_gateway_retries_total', help: 'Requests that were sent to an endpoint once more', type: 'counter' },
  sentBytes: { name: 'standin_gateway_sent_bytes_total', help: 'Bytes of the bodies of responses', type: 'counter' },
  connections: {
    name: 'standin_gateway_connections_total',
    help: 'Connections of clients that were taken',
    type: 'counter',
    labels: { scheme: ['http', 'https'] },
  },
  refusedConnections: {
    name: 'standin_gateway_refused_connections_total',
    help: 'Connections of clients that were not served, by the limit or the rule that they broke',
    type: 'counter',
    labels: { reason: ['connections', 'connections-per-client', 'proxy-header'] },
  },
  acceptErrors: { name: 'standin_gateway_accept_errors_total', help: 'Connections that the system could not hand over', type: 'counter' },
  handshakes: {
    name: 'standin_gateway_tls_handshakes_total',
    help: 'TLS handshakes by what became of them; resumed ones are among http1 and http2',
    type: 'counter',
    labels: { result: ['http1', 'http2', 'resumed', 'failed', 'timedOut', 'plaintext'] },
  },
  wakes: {
    name: 'standin_gateway_wakes_total',
    help: 'Calls that asked for an environment to be woken, by what came of them',
    type: 'counter',
    labels: { result: ['accepted', 'refused'] },
  },
  droppedLines: { name: 'standin_gateway_dropped_log_lines_total', help: 'Lines of the log that could not be written', type: 'counter' },
  openConnections: { name: 'standin_gateway_open_connections', help: 'Connections of clients that are open', type: 'gauge' },
  heldRequests: { name: 'standin_gateway_held_requests', help: 'Requests that wait for their environment', type: 'gauge' },
  environments: { name: 'standin_gateway_environments', help: 'Environments in the table', type: 'gauge' },
  upstreams: {
    name: 'standin_gateway_endpoints',
    help: 'Endpoints that some route leads to, and those that have left with something in flight, by their state',
    type: 'gauge',
    labels: { state: upstreamStates },
  },
  poolActive: { name: 'standin_gateway_pool_requests', help: 'Requests and WebSockets that have a place in a pool', type: 'gauge' },
  poolPending: { name: 'standin_gateway_pool_pending_requests', help: 'Requests that wait for a place in a pool', type: 'gauge' },
  poolQueued: { name: 'standin_gateway_pool_queued_total', help: 'Requests that had to wait for a place in a pool', type: 'counter' },
  retriesRefused: {
    name: 'standin_gateway_refused_retries_total',
    help: 'Requests that were not sent once more because the budget of their pool was spent',
    type: 'counter',
  },
  ejections: {
    name: 'standin_gateway_ejections_total',
    help: 'Endpoints that were left out because their requests failed',
    type: 'counter',
  },
  panicked: {
    name: 'standin_gateway_panicked_requests_total',
    help: 'Requests to pools most of whose endpoints were unwell, so that all were used',
    type: 'counter',
  },
  healthChecks: {
    name: 'standin_gateway_health_checks_total',
    help: 'Active health checks by what came of them',
    type: 'counter',
    labels: { result: ['passed', 'failed'] },
  },
} as const satisfies Record<string, MetricShape>

export type MetricKey = keyof typeof list

export const metrics = new MetricLayout<MetricKey>(list)
