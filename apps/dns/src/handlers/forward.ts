import type { Forwarder } from '../upstream/forwarder.ts'
import type { Handler } from './handler.ts'

/** The rest of the world. Who does not want recursion (RD clear) gets none: RFC 1035, section 4.1.1. */
export function forward(forwarder: Forwarder): Handler {
  return (query) => (forwarder.upstreams.length === 0 || !query.recursionDesired ? undefined : forwarder.forward(query))
}
