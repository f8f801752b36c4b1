import type { Problem } from './schemas/server.ts'

/**
 * Every error that Standin reports, by its stable code. `kind` decides the CLI's exit code. The reference page and the
 * `ErrorCode` type come from this table; a test checks that each code is used and that nothing else is thrown.
 */
export const errorTable = {
  invalid: { status: 400, kind: 'usage', title: 'The request is not valid' },
  blueprint_invalid: { status: 422, kind: 'usage', title: 'The blueprint is not valid' },
  fixture_invalid: { status: 422, kind: 'usage', title: 'A fixture has bad rows' },
  unauthenticated: { status: 401, kind: 'authentication', title: 'No valid token' },
  forbidden: { status: 403, kind: 'authentication', title: 'The token, or its user, may not do that' },
  environment_not_found: { status: 404, kind: 'not-found', title: 'No such environment' },
  template_not_found: { status: 404, kind: 'not-found', title: 'No such template' },
  channel_not_found: { status: 404, kind: 'not-found', title: 'No such channel' },
  build_not_found: { status: 404, kind: 'not-found', title: 'No such build' },
  token_not_found: { status: 404, kind: 'not-found', title: 'No such token' },
  host_not_found: { status: 404, kind: 'not-found', title: 'No such host' },
  provider_not_found: { status: 404, kind: 'not-found', title: 'No such provider' },
  route_not_found: { status: 404, kind: 'not-found', title: 'Nothing at this address' },
  environment_deleted: { status: 410, kind: 'not-found', title: 'The environment was deleted' },
  alias_not_found: { status: 404, kind: 'not-found', title: 'No such alias' },
  fault_not_found: { status: 404, kind: 'not-found', title: 'No such fault' },
  plugin_not_found: { status: 404, kind: 'not-found', title: 'No such plugin' },
  user_not_found: { status: 404, kind: 'not-found', title: 'No such user' },
  group_not_found: { status: 404, kind: 'not-found', title: 'No such group' },
  role_not_found: { status: 404, kind: 'not-found', title: 'No such role' },
  name_taken: { status: 409, kind: 'conflict', title: 'The name is taken' },
  email_taken: { status: 409, kind: 'conflict', title: 'The e-mail address is taken' },
  external_id_taken: { status: 409, kind: 'conflict', title: 'The external id is taken' },
  state_conflict: { status: 409, kind: 'conflict', title: 'Not possible in this state' },
  changed_meanwhile: { status: 412, kind: 'conflict', title: 'It was changed meanwhile' },
  template_in_use: { status: 409, kind: 'conflict', title: 'The template is in use' },
  idempotency_conflict: { status: 409, kind: 'conflict', title: 'The idempotency key was used for another request' },
  quota_exceeded: { status: 403, kind: 'quota', title: 'A quota does not allow it' },
  not_admitted: { status: 403, kind: 'quota', title: 'A plugin does not allow it' },
  unsupported: { status: 422, kind: 'usage', title: 'The provider can not do that' },
  endpoint_refused: { status: 422, kind: 'usage', title: 'The endpoint may not be published' },
  too_large: { status: 413, kind: 'usage', title: 'The request is too large' },
  disk_full: { status: 507, kind: 'unhealthy', title: 'The disk is full' },
  home_in_use: { status: 409, kind: 'conflict', title: 'Another control plane uses this home' },
  port_taken: { status: 409, kind: 'conflict', title: 'The port is taken' },
  phase_failed: { status: 422, kind: 'unhealthy', title: 'A phase of the build failed' },
  check_failed: { status: 422, kind: 'unhealthy', title: 'A check failed' },
  launch_failed: { status: 422, kind: 'unhealthy', title: 'A launch step failed' },
  health_timeout: { status: 422, kind: 'unhealthy', title: 'A health check never passed' },
  host_failed: { status: 422, kind: 'unhealthy', title: 'A host failed' },
  interrupted: { status: 409, kind: 'unhealthy', title: 'The work was interrupted' },
  provider_failed: { status: 502, kind: 'unhealthy', title: 'The provider failed' },
  plugin_failed: { status: 503, kind: 'unhealthy', title: 'The plugin does not run' },
  wake_timeout: { status: 504, kind: 'timeout', title: 'The environment did not wake in time' },
  upstream_failed: { status: 502, kind: 'unhealthy', title: 'The environment did not answer' },
  no_endpoint: { status: 503, kind: 'unhealthy', title: 'No instance takes traffic' },
  fault_injected: { status: 503, kind: 'unhealthy', title: 'It failed on purpose' },
  overloaded: { status: 503, kind: 'unhealthy', title: 'Too many requests wait already' },
  misdirected: { status: 421, kind: 'usage', title: 'The connection is for another host name' },
  loop_detected: { status: 508, kind: 'unhealthy', title: 'The request came back to the gateway' },
  request_timeout: { status: 408, kind: 'timeout', title: 'The request did not arrive in time' },
  timeout: { status: 504, kind: 'timeout', title: 'It took too long' },
  state_unreachable: { status: 409, kind: 'unhealthy', title: 'The state can no longer be reached' },
  unreachable: { status: 503, kind: 'unreachable', title: 'The control plane can not be reached' },
  internal: { status: 500, kind: 'internal', title: 'A fault in Standin' },
} as const satisfies Record<string, { status: number; kind: string; title: string }>

export type ErrorCode = keyof typeof errorTable
export type ErrorKind = (typeof errorTable)[ErrorCode]['kind']
export type Fault = NonNullable<Problem['errors']>[number]

/** A domain error: what happened and to which thing (`message`), what to do next (`hint`). */
export class StandinError extends Error {
  override readonly name = 'StandinError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly errors: readonly Fault[] | undefined

  constructor(code: ErrorCode, message: string, options: { hint?: string; errors?: readonly Fault[]; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.errors = options.errors
  }

  get status(): number {
    return errorTable[this.code].status
  }

  get kind(): ErrorKind {
    return errorTable[this.code].kind
  }

  /** RFC 9457, section 3. */
  toProblem(): Problem {
    return {
      type: `urn:standin:error:${this.code}`,
      title: errorTable[this.code].title,
      status: this.status,
      code: this.code,
      detail: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.errors === undefined ? {} : { errors: [...this.errors] }),
    }
  }

  static fromProblem(problem: Problem): StandinError {
    const code = Object.hasOwn(errorTable, problem.code) ? (problem.code as ErrorCode) : 'internal'
    return new StandinError(code, problem.detail, {
      ...(problem.hint === undefined ? {} : { hint: problem.hint }),
      ...(problem.errors === undefined ? {} : { errors: problem.errors }),
    })
  }
}
