import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { allProcesses, readProcess } from './keeper/process-table.ts'

/**
 * The process with which an environment lives and dies, told apart from any other by start time and boot. With namespaces
 * that is pid 1: once it is gone the kernel has ended every other process there (pid_namespaces(7)); else the keeper.
 */
export interface KeeperProcess {
  readonly pid: number
  readonly startTime: number
}

/** What `keeper.pid` holds. */
interface Identity extends KeeperProcess {
  readonly bootId: string
}

/** A line that tells a process from any other that ever had its pid; start time 0 where the system does not tell. */
export async function identify(pid: number): Promise<string> {
  const identity: Identity = { pid, startTime: readProcess(pid)?.startTime ?? 0, bootId: await bootId() }
  return JSON.stringify(identity)
}

/** The process that an environment lives and dies with, where it still lives. */
export async function keeperProcess(dir: string): Promise<KeeperProcess | null> {
  const known = await readIdentity(dir)
  return known !== null && known.bootId === (await bootId()) && lives(known) ? known : null
}

/** Whether this machine was started anew since the keeper was. */
export async function wasRestarted(dir: string): Promise<boolean> {
  const known = await readIdentity(dir)
  return known !== null && known.bootId !== (await bootId())
}

async function readIdentity(dir: string): Promise<Identity | null> {
  try {
    return JSON.parse(await readFile(join(dir, 'keeper.pid'), 'utf8')) as Identity
  } catch {
    return null
  }
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim()
}

function lives({ pid, startTime }: KeeperProcess): boolean {
  if (startTime === 0) {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }
  const found = readProcess(pid)
  return found !== null && found.startTime === startTime && found.state !== 'Z'
}

/** SIGKILL and wait until it is gone; in namespaces everything else of the environment is gone then too. */
export async function endKeeper(known: KeeperProcess): Promise<void> {
  if (lives(known)) {
    try {
      process.kill(known.pid, 'SIGKILL')
    } catch {
      // It ended by itself.
    }
  }
  await untilGone(known, 10_000)
}

export async function untilGone(known: KeeperProcess, patienceMs: number): Promise<boolean> {
  const until = performance.now() + patienceMs
  while (lives(known)) {
    if (performance.now() > until) return false
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return true
}

/** Pids as this process sees them, by pid in the keeper's namespace; empty where the kernel does not tell (proc(5), children). */
export async function outerPids(known: KeeperProcess, keeperPid: number): Promise<ReadonlyMap<number, number>> {
  for (const candidate of await children(known.pid)) {
    if ((await innerPid(candidate)) !== keeperPid) continue
    return new Map(await Promise.all((await children(candidate)).map(async (pid) => [await innerPid(pid), pid] as const)))
  }
  return new Map()
}

/** The only child of a process, once it has one; null where it ends before. */
export async function onlyChild(pid: number): Promise<number | null> {
  const parent = { pid, startTime: readProcess(pid)?.startTime ?? 0 }
  while (lives(parent)) {
    const child = (await children(pid))[0] ?? allProcesses().find((each) => each.parent === pid)?.pid
    if (child !== undefined) return child
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return null
}

async function children(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number)
}

/** Its pid in the namespace just below ours, which is its keeper's (proc(5), NSpid). */
async function innerPid(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const pids = /^NSpid:\s+(.*)$/m.exec(text)?.[1]?.split(/\s+/) ?? []
  return Number(pids[1] ?? pids[0] ?? 0)
}
