/** What became of a request to an endpoint that was not answered. */
export interface FailedAttempt {
  /** How often it was sent once more already. */
  readonly retries: number
  /** Part of an answer came, an informational one included. */
  readonly wasAnswered: boolean
  /** Some of it may have reached the endpoint. */
  readonly isSent: boolean
  /** Its connection had served others and ended before a byte of an answer came: perhaps in the same moment. */
  readonly diedUnused: boolean
  /** The client sends a body, and part of that was read. */
  readonly hasBody: boolean
  readonly bodyStarted: boolean
  readonly method: string
}

/** Methods that may be carried out twice (RFC 9110, section 9.2.2). */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])

/**
 * Whether a request may be sent once more (RFC 9110, section 9.2.2; RFC 9112, section 9.3.1): `elsewhere` means to another
 * endpoint only, since this one took no connection; `anywhere` to this one, too, on a new connection.
 */
export const mayRetry = (attempt: FailedAttempt): 'no' | 'elsewhere' | 'anywhere' => {
  if (attempt.retries > 0 || attempt.wasAnswered || attempt.bodyStarted) return 'no'
  if (!attempt.isSent) return 'elsewhere'
  return attempt.diedUnused && !attempt.hasBody && idempotent.has(attempt.method) ? 'anywhere' : 'no'
}
