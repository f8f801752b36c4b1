import type { ClientConnection } from '../http/client-connection.ts'
import type { Inflow } from './inflow.ts'
import type { Outgoing } from './outgoing.ts'

/** The connection that a stream is on, as the stream sees it. */
export interface StreamOwner extends ClientConnection {
  readonly outgoing: Outgoing
  readonly inflow: Inflow
  /** Nothing more goes out on it. @param wasReset what the client sends on it from now on is let pass */
  onStreamEnd(id: number, wasReset: boolean): void
}
