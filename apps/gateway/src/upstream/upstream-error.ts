/**
 * What can go wrong at an endpoint besides the system's own errors (`ECONNREFUSED`, `ECONNRESET`, …) and what dialling
 * tells by a `StandinError`.
 *
 * | code | |
 * |---|---|
 * | `bad_response` | it sent something that isn't a valid response |
 * | `closed` | it closed the connection before its response was complete |
 * | `draining` | it is being taken out of service |
 * | `bad_request` | the request can not be sent to it as it is |
 */
export type UpstreamErrorCode = 'bad_response' | 'closed' | 'draining' | 'bad_request'

/** The message goes on where "the endpoint did not answer:" leaves off. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly code: UpstreamErrorCode

  constructor(code: UpstreamErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export const badResponse = (why: string): UpstreamError => new UpstreamError('bad_response', `what it sent is not valid HTTP: ${why}`)

export const closedEarly = (): UpstreamError => new UpstreamError('closed', 'it closed the connection')

export const takenOutOfService = (): UpstreamError => new UpstreamError('draining', 'it is being taken out of service')

/** What Node tells of a session or its streams; the system's own errors stay as they are. */
export const http2Failure = (error: Error & { code?: string }): Error =>
  error.code?.startsWith('ERR_HTTP2') === true ? badResponse(`HTTP/2 ended in "${error.message}"`) : error

/** By its code (RFC 9113, section 7). */
export const resetByEndpoint = (code: number): UpstreamError =>
  new UpstreamError('closed', `it reset the stream (${errorNames[code] ?? code})`)

const errorNames = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]
