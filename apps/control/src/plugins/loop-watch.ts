import { Worker } from 'node:worker_threads'
import type { Logger } from '@standin/core'
import { runningPlugin } from './plugin-life.ts'

/** What the watching thread is given. */
export interface Watched {
  /** One 32-bit counter, which grows as long as the watched thread gets round to it. */
  readonly beats: SharedArrayBuffer
  readonly tickMs: number
  /** After so many ticks without a beat it is asked what it does. */
  readonly patience: number
  /** Where it is written down, for `HeldLoops`; null: this process only looks at plugins, once. */
  readonly file: string | null
  /** An expression: the id of the plugin whose code the watched thread is in. */
  readonly whose: string
}

const ticks = 20

/**
 * Plugins run in this thread: one that never returns keeps it from everything else, timers and signals among it. So another thread looks
 * whether this one goes on. Where a plugin does not let it, that is written down and the process ended: it is started again. A machine
 * that sleeps and a process that is stopped hold both threads. For processes of which plugins are a part: there is one main thread.
 * @param file where it is written down, for `HeldLoops`; null: nowhere, the process says it as its answer
 */
export function watchLoop(file: string | null, log: Logger, afterMs = 20_000): void {
  const tickMs = afterMs / ticks
  const beats = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  const beat = new Int32Array(beats)
  const name = 'standin.running-plugin'
  Object.assign(globalThis, { [Symbol.for(name)]: () => runningPlugin.getStore()?.id })
  setInterval(() => Atomics.add(beat, 0, 1), tickMs / 4).unref()
  const watched: Watched = { beats, tickMs, patience: ticks, file, whose: `globalThis[Symbol.for('${name}')]()` }
  // What is preloaded into this process is not for a thread of it.
  const watcher = new Worker(new URL('./loop-watcher.ts', import.meta.url), { workerData: watched, execArgv: [] })
  watcher.on('error', (error) => log.error({ err: error }, 'nobody watches any more whether a plugin holds control up'))
  watcher.unref()
}
