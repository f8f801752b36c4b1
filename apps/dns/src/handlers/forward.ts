import type { Forwarder } from '../upstream/forwarder.ts'
import type { Handler } from './handler.ts'

/**
 * The rest of the world. Who does not want recursion (RD clear) gets none: RFC 1035, section 4.1.1. What is in the cache is not for them
 * either: they would learn what others ask for.
 */
export function forward(forwarder: Forwarder): Handler {
  return (query) => (query.recursionDesired ? forwarder.forward(query) : undefined)
}
