import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Fault, StandinError } from '@standin/client'
import { logLevels, parseListen } from '../config.ts'

export interface BesideConfig {
  /** As `use` in standin.config.yaml names it: one that comes with Standin, a package, a path. */
  readonly plugin: string
  /** Where its configuration stands; null: it has its defaults. */
  readonly configFile: string | null
  /** Of the control plane. */
  readonly url: string
  readonly token: string
  /** What it keeps is here, and nobody else's. */
  readonly dir: string
  /** For its routes and metrics. */
  readonly listen: { readonly host: string; readonly port: number }
  readonly logLevel: string
}

const flags = {
  plugin: { type: 'string' },
  config: { type: 'string' },
  url: { type: 'string' },
  dir: { type: 'string' },
  listen: { type: 'string', default: '127.0.0.1:0' },
  'log-level': { type: 'string', default: 'info' },
} as const

/** The token is in STANDIN_TOKEN: command lines are seen by everybody. @throws StandinError `invalid` with every fault */
export function readBesideConfig(args: readonly string[], env: NodeJS.ProcessEnv): BesideConfig {
  const {
    plugin = '',
    config,
    url = '',
    dir = '',
    listen: address,
    'log-level': logLevel,
  } = parseArgs({ args: [...args], options: flags }).values
  const listen = parseListen(address)
  const token = env.STANDIN_TOKEN?.trim() ?? ''
  const errors: Fault[] = [
    ...(plugin === '' ? [{ path: '--plugin', message: 'is missing' }] : []),
    ...(URL.canParse(url) ? [] : [{ path: '--url', message: `${url} is not the address of a control plane` }]),
    ...(dir === '' ? [{ path: '--dir', message: 'is missing' }] : []),
    ...(listen === null ? [{ path: '--listen', message: `${address} is not address:port` }] : []),
    ...(logLevels.includes(logLevel) ? [] : [{ path: '--log-level', message: `is one of ${logLevels.join(', ')}` }]),
    ...(token === '' ? [{ path: 'STANDIN_TOKEN', message: 'is not set' }] : []),
  ]
  if (listen === null || errors.length > 0) {
    const words = errors.map(({ path, message }) => `${path}: ${message}`).join('; ')
    throw new StandinError('invalid', `the command line of the plugin is not valid: ${words}`, { errors })
  }
  return { plugin, configFile: config === undefined ? null : resolve(config), url, token, dir: resolve(dir), listen, logLevel }
}
