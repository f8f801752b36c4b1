import type { ClientLimits } from '../gateway-config.ts'
import type { ClientStream } from './client-stream.ts'
import type { OpenConnections } from './open-connections.ts'

/** Who takes the requests of all connections. */
export interface StreamHandler {
  readonly connections: OpenConnections
  /** Responses are the last ones on their connections. */
  readonly draining: boolean
  readonly limits: ClientLimits
  /** A request has come. It may be answered before this returns. */
  onStream(stream: ClientStream): void
}
