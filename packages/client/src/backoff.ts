/** How long to wait before a retry: doubling from `first` up to `max`, in ms, each with a random part so that clients spread. */
export interface Backoff {
  readonly first: number
  readonly max: number
}

/** Between half and the whole of the doubled delay, in ms. @param attempt 0 for the first retry */
export function delayBefore(attempt: number, backoff: Backoff): number {
  const whole = Math.min(backoff.max, backoff.first * 2 ** Math.min(attempt, 30))
  return whole / 2 + (Math.random() * whole) / 2
}

/** @throws the signal's reason when it fires */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
