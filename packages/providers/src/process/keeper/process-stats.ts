import { readFileSync } from 'node:fs'
import type { Stats } from '@standin/client'
import { type ProcessEntry, type ProcessTable, processVariable } from './process-table.ts'

/** sysconf(_SC_CLK_TCK) and the page size: the same on every Linux that Node runs on, but for some arm64 kernels' pages. */
const ticksPerSecond = 100
const pageBytes = 4096

/** Samples what the environment's processes use, by host. */
export class ProcessStats {
  readonly #processes: ProcessTable
  readonly #leaders: () => ReadonlyMap<number, string>
  /** Host by `pid:startTime`: a process does not change hosts. */
  #hosts = new Map<string, string>()
  #ticks = new Map<string, number>()
  #at = 0

  constructor(processes: ProcessTable, leaders: () => ReadonlyMap<number, string>) {
    this.#processes = processes
    this.#leaders = leaders
  }

  /** `cpu` is over the time since the last sample; the first one takes 200 ms. */
  async sample(names: readonly string[]): Promise<Stats> {
    if (this.#at === 0) {
      this.#take(names)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    return this.#take(names)
  }

  #take(names: readonly string[]): Stats {
    const now = performance.now()
    const elapsed = (now - this.#at) / 1000
    const leaders = this.#leaders()
    const [ticks, hosts] = [new Map<string, number>(), new Map<string, string>()]
    const byHost = new Map(names.map((name) => [name, { name, cpu: 0, memoryBytes: 0, processes: 0 }]))
    const total = { cpu: 0, memoryBytes: 0, processes: 0 }
    for (const entry of this.#processes.list()) {
      const key = `${entry.pid}:${entry.startTime}`
      const host = this.#hosts.get(key) ?? leaders.get(entry.session) ?? processVariable(entry.pid, 'STANDIN_HOST') ?? ''
      hosts.set(key, host)
      ticks.set(key, entry.cpuTicks)
      const used = {
        cpu: Math.max(0, entry.cpuTicks - (this.#ticks.get(key) ?? 0)) / ticksPerSecond / elapsed,
        memoryBytes: memoryBytes(entry),
        processes: 1,
      }
      for (const sum of [total, byHost.get(host)]) {
        if (sum === undefined) continue
        sum.cpu += used.cpu
        sum.memoryBytes += used.memoryBytes
        sum.processes += 1
      }
    }
    this.#ticks = ticks
    this.#hosts = hosts
    this.#at = now
    return { ...total, cpu: round(total.cpu), hosts: [...byHost.values()].map((host) => ({ ...host, cpu: round(host.cpu) })) }
  }
}

/** Its share (PSS) where the kernel tells, so that a sum counts nothing twice; else what is resident. */
function memoryBytes({ pid, residentPages }: ProcessEntry): number {
  try {
    const share = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1]
    if (share !== undefined) return Number(share) * 1024
  } catch {
    // Processes of another user don't show it.
  }
  return residentPages * pageBytes
}

function round(cores: number): number {
  return Math.round(cores * 1000) / 1000
}
