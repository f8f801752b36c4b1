import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { StandinError } from '@standin/client/errors'

/** Where Standin keeps its state: `--home`, STANDIN_HOME, or by the XDG base directory specification. Absolute. */
export function findHome(flag: string | undefined, env: NodeJS.ProcessEnv): string {
  if (flag) return resolve(flag)
  if (env.STANDIN_HOME) return resolve(env.STANDIN_HOME)
  return join(xdg(env.XDG_STATE_HOME, env, '.local/state'), 'standin')
}

/** `$XDG_CONFIG_HOME/standin/config.yaml` */
export function findConfigFile(env: NodeJS.ProcessEnv): string {
  return join(xdg(env.XDG_CONFIG_HOME, env, '.config'), 'standin', 'config.yaml')
}

/** The specification has relative values ignored. */
function xdg(value: string | undefined, env: NodeJS.ProcessEnv, fallback: string): string {
  if (value?.startsWith('/')) return value
  const home = env.HOME || homedir()
  if (!home) throw new StandinError('invalid', 'There is no home directory: HOME is not set.', { hint: 'Set HOME, or STANDIN_HOME.' })
  return join(home, fallback)
}
