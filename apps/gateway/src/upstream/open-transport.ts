import type { UpstreamTransport } from '../http/upstream-stream.ts'
import type { UpstreamProtocol } from '../pool/pool-policy.ts'
import type { RefusedEndpoints } from '../refused-endpoints.ts'
import type { Address } from './dial.ts'
import { H2cTransport } from './h2c-transport.ts'
import { Http1Transport } from './http1-transport.ts'

/** Connections to an endpoint, in what it speaks. Nothing is opened before the first request. @param limit connections at most */
export const openTransport = (
  refused: RefusedEndpoints,
  endpoint: Address,
  protocol: UpstreamProtocol,
  limit: number,
): UpstreamTransport => (protocol === 'h2c' ? new H2cTransport(refused, endpoint, limit) : new Http1Transport(refused, endpoint, limit))
