import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'

/** What loading a module may take; a loop outside of its functions would stop all that is in this process. */
const importLimits = { timeMs: 20_000, memoryMb: 512 }
/** Node's exit code where nothing is left that a top-level await could be waiting for. */
const unsettledAwait = 13

/**
 * Load a module in a thread of its own first, where it can be given up. What it throws is left to who loads it then.
 * @returns why it must not be loaded; null: it may
 */
export async function whyNotImport(file: string, { timeMs, memoryMb } = importLimits): Promise<string | null> {
  const thread = new Worker(new URL('./try-import-thread.ts', import.meta.url), {
    workerData: pathToFileURL(file).href,
    // What is preloaded into this process is not for a thread of it; and what the module prints, it prints once.
    ...{ execArgv: [], stdout: true, stderr: true },
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  })
  const signal = AbortSignal.timeout(timeMs)
  const never = 'outside of its functions is a loop or an await that never ends'
  try {
    const done = once(thread, 'message', { signal }).then(() => null)
    const ended = once(thread, 'exit', { signal }).then(([code]) =>
      code === unsettledAwait ? never : 'it ends the process when it is loaded',
    )
    return await Promise.race([done, ended])
  } catch (error) {
    if (signal.aborted) return `it was not done after ${timeMs / 1000} s: ${never}`
    const outOfMemory = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY'
    return outOfMemory ? `it takes more than ${memoryMb} MB of memory to load it` : null
  } finally {
    await thread.terminate()
  }
}
