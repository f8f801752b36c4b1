import type { HostSpec } from '@standin/client'

export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

/** What the end of a main process means: it has done its work, it is started again, or that was that. */
export type ExitVerdict = 'completed' | 'restart' | 'failed'

/**
 * @param job whether its work is to end: others wait for that, or it neither listens nor has a health check
 * @param attempts restarts so far that did not lead to a stable run
 */
export function exitVerdict(
  exit: Exit,
  { policy, maxRetries }: HostSpec['restart'],
  job: boolean | 'may be',
  attempts: number,
): ExitVerdict {
  const always = policy === 'always' || policy === 'unless-stopped'
  if (exit.code === 0 && (job === true || (job === 'may be' && !always))) return 'completed'
  const again = always || (policy === 'on-failure' && exit.code !== 0)
  return again && (maxRetries === null || attempts < maxRetries) ? 'restart' : 'failed'
}

/** `exited with code 3 after 2 s` */
export function describeExit({ code, signal }: Exit, ranMs: number): string {
  return `${signal === null ? `exited with code ${code}` : `was ended by ${signal}`} after ${duration(ranMs)}`
}

/** `340 ms`, `2.5 s` */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toFixed(1))} s`
}
