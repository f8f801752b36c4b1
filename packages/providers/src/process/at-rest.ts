import { join } from 'node:path'
import type { Logger, Observed } from '@standin/core'
import { wasRestarted } from './keeper-process.ts'
import { type EnvironmentRecord, instanceNames, type KeeperState, readJson, writeJson } from './layout.ts'

/** What can be said of an environment that has no keeper: nothing runs, and whether that was wanted. */
export async function observeAtRest(dir: string, { id, stack, addresses }: EnvironmentRecord, log?: Logger): Promise<Observed> {
  const state = await remembered(dir, log)
  const why = (await wasRestarted(dir)) ? 'this machine was started anew' : 'its keeper was killed, and its processes with it'
  const since = new Date().toISOString()
  return {
    id,
    state: state.startedOnce ? 'stopped' : 'created',
    failure: state.desired.length > 0 ? { code: 'provider_failed', message: `environment ${id} stopped: ${why}` } : null,
    instances: instanceNames(stack).map(({ host, ordinal, name }) => ({
      host,
      ordinal,
      name,
      address: addresses[name] ?? '',
      generation: 0,
      state: state.startedOnce ? 'exited' : 'pending',
      health: 'none',
      pid: null,
      exitCode: null,
      signal: null,
      restarts: state.restarts[name] ?? 0,
      since,
      reason: null,
    })),
  }
}

/** It was stopped because that was wanted. */
export async function forgetDesired(dir: string): Promise<void> {
  const state = await remembered(dir)
  if (state.desired.length > 0) await writeJson(join(dir, 'state.json'), { ...state, desired: [] } satisfies KeeperState)
}

async function remembered(dir: string, log?: Logger): Promise<KeeperState> {
  return (await readJson<KeeperState>(join(dir, 'state.json'), log)) ?? { version: 1, desired: [], startedOnce: false, restarts: {} }
}
