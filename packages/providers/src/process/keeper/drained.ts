import type { ChildProcess } from 'node:child_process'

const lookEveryMs = 25

/**
 * To be called when a process has ended. Resolves when all that it printed has been read; where a daemon that it left holds its
 * output open, after `patienceMs`. Only time counts in which the output could be read: neither that in which it is paused, for
 * nobody takes it, nor that in which this process stood still. `isOver`: nobody wants it any more.
 */
export function drained(child: ChildProcess, patienceMs: number, isOver: () => boolean = () => false): Promise<void> {
  return new Promise((resolve) => {
    let left = Math.ceil(patienceMs / lookEveryMs)
    const look = setInterval(() => {
      const isPaused = child.stdout?.isPaused() === true || child.stderr?.isPaused() === true
      if (isOver() || (!isPaused && --left <= 0)) end()
    }, lookEveryMs)
    const end = () => {
      clearInterval(look)
      resolve()
    }
    child.once('close', end)
  })
}
