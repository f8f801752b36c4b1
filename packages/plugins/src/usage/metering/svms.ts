import type { EnvironmentState } from '@standin/client'
import { type MeteringConfig, parseMemory } from './metering-config.ts'

/** What a host declares, and how many instances of it there are. */
export interface SizedHost {
  readonly instances: number
  readonly resources: { readonly cpus: number | null; readonly memoryBytes: number | null }
}

const gibibyte = 2 ** 30

/**
 * SVMs of all instances of these hosts: of each, its CPUs or its memory in GiB, whichever is more, rounded up. What a
 * blueprint does not say is as in `defaultSize`, CPUs and memory each by themselves.
 */
export function svmsOf(hosts: readonly SizedHost[], defaultSize: MeteringConfig['defaultSize']): number {
  let svms = 0
  for (const { instances, resources } of hosts) {
    const cpus = resources.cpus ?? defaultSize.cpus
    const memory = resources.memoryBytes ?? parseMemory(defaultSize.memory)
    svms += instances * Math.ceil(Math.max(cpus, memory / gibibyte))
  }
  return svms
}

/**
 * In which states an environment's hosts are billed. All of its instances count from when it begins to start until none of
 * them is left: one that is started again after a crash keeps its place meanwhile.
 *
 * - `suspended`: its hosts are frozen. On some providers their memory stays where it is until somebody else needs it, yet
 *   nothing is billed: whoever lets go of an environment shall not pay for how its provider freezes it.
 * - `snapshotting`: the hosts were stopped before.
 * - `deleting`: whoever deleted it has let go of it; how long that takes is not theirs.
 * - `failed`: it is of no use to anybody, and nothing is done for it until somebody wants something else.
 */
export const holdsHosts: Readonly<Record<EnvironmentState, boolean>> = {
  starting: true,
  running: true,
  suspending: true,
  suspended: false,
  resuming: true,
  stopping: true,
  stopped: false,
  snapshotting: false,
  deleting: false,
  deleted: false,
  failed: false,
}
