import { StandinError } from './errors.ts'
import type { Problem } from './schemas/server.ts'

/** Nothing of a connection that ended so tells whether the request was acted upon; it may be made again all the same. */
const transientCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** What was meant by the answer is not Standin's: a proxy's 502, a control plane that is about to stop. */
const transientStatuses: ReadonlySet<number> = new Set([502, 503, 504])

/** An answer that is not a problem document of ours. */
class ForeignAnswer extends StandinError {
  readonly transient: boolean

  constructor(status: number, url: string) {
    const transient = transientStatuses.has(status)
    super('unreachable', `${url} answered ${status}, and not as a control plane does`, {
      hint: transient ? startHint : `Check the address: something else may listen at ${url}`,
    })
    this.transient = transient
  }
}

const startHint = 'Start it with `standin start`, or say where it runs with --url or STANDIN_URL'

/** Whether the same request may succeed a moment later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ForeignAnswer) return error.transient
  // A domain error with such a status (an upstream failed, a wake took too long) is an answer, not a broken way.
  // `interrupted`: control is shutting down; where it is started again, the next attempt finds it.
  if (error instanceof StandinError) return error.code === 'unreachable' || error.code === 'interrupted'
  const code = systemCode(error)
  // Browsers say no more than TypeError.
  return code === undefined ? error instanceof TypeError : transientCodes.has(code)
}

/** The network's error, in words that name the address. */
export function unreachable(url: string, error: unknown): StandinError {
  const code = systemCode(error)
  const why = code === 'ECONNREFUSED' ? 'nothing listens there' : (code ?? innermost(error))
  return new StandinError('unreachable', `The control plane at ${url} can not be reached: ${why}`, { hint: startHint, cause: error })
}

/** The error that a failed answer stands for. */
export async function problemOf(response: Response, url: string): Promise<StandinError> {
  const problem = await response.json().catch(() => undefined)
  if (isProblem(problem)) return StandinError.fromProblem(problem)
  return new ForeignAnswer(response.status, url)
}

function isProblem(value: unknown): value is Problem {
  const problem = value as Partial<Problem> | null | undefined
  return typeof problem?.code === 'string' && typeof problem.detail === 'string'
}

function systemCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'string') return code
  }
  return undefined
}

function innermost(error: unknown): string {
  let last = error
  while (last instanceof Error && last.cause instanceof Error) last = last.cause
  return last instanceof Error ? last.message : String(last)
}

/** Whether to go on trying after an error of ours, for as long as somebody wants it. Others are faults of the caller's code. */
export function mayReopen(error: unknown): boolean {
  return error instanceof StandinError && (error.code === 'timeout' || isTransient(error))
}
