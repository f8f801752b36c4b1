import { StandinError } from '@standin/client'

export interface CallLimits {
  /** Then its signal fires, ms. */
  readonly limitMs: number
  /** How long it may take to end after that, ms. */
  readonly graceMs: number
}

/** It did not return, not even after its signal fired: nobody knows what it still does. */
export class HungCall extends Error {
  override readonly name = 'HungCall'
}

/**
 * Call code that nobody vouches for. Time is the machine's: it guards against what hangs.
 * @param what `onEvent` …, for the errors
 * @param ending fires the call's signal, too
 * @throws what it throws; StandinError `timeout`; HungCall
 */
export async function limitedCall<T>(
  what: string,
  limits: CallLimits,
  ending: AbortSignal,
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const hung = Promise.withResolvers<never>()
  let grace: NodeJS.Timeout | undefined
  let late: StandinError | undefined
  const end = (reason: unknown) => {
    controller.abort(reason)
    grace ??= setTimeout(
      () => hung.reject(new HungCall(`${what} does not return: ${limits.graceMs} ms after its signal fired`)),
      limits.graceMs,
    )
  }
  const onEnding = () => end(ending.reason)
  const timer = setTimeout(() => {
    late = new StandinError('timeout', `${what} took longer than ${limits.limitMs} ms`)
    end(late)
  }, limits.limitMs)
  if (ending.aborted) onEnding()
  else ending.addEventListener('abort', onEnding, { once: true })
  try {
    return await Promise.race([hung.promise, Promise.resolve(controller.signal).then(work)])
  } catch (error) {
    throw late !== undefined && !(error instanceof HungCall) ? late : error
  } finally {
    clearTimeout(timer)
    clearTimeout(grace)
    ending.removeEventListener('abort', onEnding)
  }
}
