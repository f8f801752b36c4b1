/** Where time comes from: the machine, or a test that sets it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Call once when so many ms are over. @returns the cancel */
  after(ms: number, callback: () => void): () => void
}

/** Timers of Node end at 24.8 days; and a clock that is set, or a machine that slept, is noticed within this time, ms. */
const longestTimerMs = 30_000

export const systemClock: Clock = {
  now: Date.now,
  after(ms, callback) {
    const dueAt = Date.now() + ms
    let timer: NodeJS.Timeout
    const wait = () => {
      const left = dueAt - Date.now()
      if (left <= 0) callback()
      else timer = setTimeout(wait, Math.min(left, longestTimerMs))
    }
    timer = setTimeout(wait, Math.min(Math.max(ms, 0), longestTimerMs))
    return () => clearTimeout(timer)
  },
}

/** @throws the signal's reason when it fires */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    })
    signal?.addEventListener('abort', stop, { once: true })
  })
}
