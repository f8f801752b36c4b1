import { StandinError } from '@standin/client/errors'

/** Milliseconds until control is asked again when it can't be reached: 250, 500, 1000, then 2000. */
const retryDelay = (attempt: number) => Math.min(250 * 2 ** attempt, 2_000)

/**
 * Asks until control has heard it. Resolves with null then, or when it was aborted; with an error where control will
 * never do it.
 * @param onTrouble told of each attempt in vain, and with null when one succeeds
 */
export const askUntilHeard = async (
  ask: (signal: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
  onTrouble: (error: StandinError | null) => void,
): Promise<StandinError | null> => {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      await ask(signal)
      onTrouble(null)
      return null
    } catch (cause) {
      if (signal.aborted) return null
      const error =
        cause instanceof StandinError ? cause : new StandinError('unreachable', 'The control plane can not be reached', { cause })
      // It is on its way already: the table will say so.
      if (error.code === 'state_conflict') return null
      onTrouble(error)
      if (error.kind === 'authentication' || error.kind === 'usage' || error.kind === 'quota') return error
    }
    await pause(retryDelay(attempt), signal)
  }
  return null
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
