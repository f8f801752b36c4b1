import type { Isolation } from './isolation.ts'
import { allProcesses, carries } from './keeper/process-table.ts'

/**
 * Ends processes of an environment whose keeper is gone. With a pid namespace there can be none; without one they run
 * on, and are known by the directory that they were given.
 */
export async function endStrays(root: string, isolation: Isolation): Promise<void> {
  if (isolation.namespaces) return
  for (let round = 0; round < 100; round++) {
    const strays = allProcesses().filter(({ pid, state }) => state !== 'Z' && pid !== process.pid && carries(pid, root))
    if (strays.length === 0) return
    for (const { pid } of strays) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended by itself.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
