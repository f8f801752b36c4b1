import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Fault, StandinError } from '@standin/client'
import { parseDuration } from '@standin/core'

export interface ControlConfig {
  readonly home: string
  readonly api: { readonly host: string; readonly port: number }
  /** Base of all names, without a leading dot. */
  readonly domain: string
  /** How clients reach the gateway. */
  readonly gateway: URL
  /** How clients reach it over TLS; null: they can't. */
  readonly gatewayHttps: URL | null
  /** Where the resolver listens, `127.0.0.1:5354`; null: nowhere. */
  readonly dns: string | null
  /** How long the trash keeps what is deleted, ms. */
  readonly trashMs: number
  readonly logLevel: string
  /** The file that names the plugins, `--config`; null: `standin.config.yaml` in the home, where there is one. */
  readonly configFile: string | null
}

const flags = {
  home: { type: 'string' },
  api: { type: 'string', default: '127.0.0.1:7077' },
  domain: { type: 'string', default: 'test-envs.localhost' },
  gateway: { type: 'string', default: 'http://127.0.0.1:8080' },
  'gateway-https': { type: 'string', default: 'none' },
  dns: { type: 'string', default: '127.0.0.1:5354' },
  trash: { type: 'string', default: '24h' },
  'log-level': { type: 'string', default: 'info' },
  config: { type: 'string' },
} as const

/** Stands for none while the faults are gathered: null is one. */
const noGateway = new URL('https://none')
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** From the command line. @throws StandinError `invalid` with every fault */
export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv): ControlConfig {
  const values = parseFlags(args)
  const faults: Fault[] = []
  const read = <T>(flag: string, parse: () => T | null, message: string): T => {
    let value: T | null = null
    try {
      value = parse()
    } catch {
      // Said below, with the others.
    }
    if (value === null) faults.push({ path: `--${flag}`, message })
    return value as T
  }
  const config: ControlConfig = {
    home: resolve(values.home ?? env.STANDIN_HOME ?? join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'standin')),
    api: read('api', () => parseListen(values.api), `${values.api} is not address:port`),
    domain: read('domain', () => parseDomain(values.domain), `${values.domain} is not a domain name`),
    gateway: read('gateway', () => parseGateway(values.gateway), `${values.gateway} is not an http URL without a path`),
    gatewayHttps: read(
      'gateway-https',
      () => (values['gateway-https'] === 'none' ? noGateway : parseGateway(values['gateway-https'])),
      `${values['gateway-https']} is neither an https URL without a path nor none`,
    ),
    dns: read(
      'dns',
      () => (values.dns === 'none' || parseListen(values.dns) !== null ? values.dns : null),
      `${values.dns} is not address:port`,
    ),
    trashMs: read('trash', () => parseDuration(values.trash), `${values.trash} is not a duration such as 24h`),
    logLevel: read(
      'log-level',
      () => (logLevels.includes(values['log-level']) ? values['log-level'] : null),
      `is one of ${logLevels.join(', ')}`,
    ),
    configFile: values.config === undefined ? null : resolve(values.config),
  }
  if (faults.length > 0) {
    const words = faults.map((fault) => `${fault.path}: ${fault.message}`).join('; ')
    throw new StandinError('invalid', `the command line of control is not valid: ${words}`, { errors: faults })
  }
  return {
    ...config,
    gatewayHttps: config.gatewayHttps === noGateway ? null : config.gatewayHttps,
    dns: config.dns === 'none' ? null : config.dns,
  }
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags }).values
  } catch (cause) {
    throw new StandinError('invalid', `the command line of control is not valid: ${(cause as Error).message}`, {
      hint: `It takes ${Object.keys(flags)
        .map((flag) => `--${flag}`)
        .join(' ')}`,
      cause,
    })
  }
}

/** `127.0.0.1:7077`, `[::1]:7077`; null where it is neither. */
export function parseListen(text: string): { host: string; port: number } | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]+)):([0-9]{1,5})$/.exec(text)
  const port = Number(match?.[3])
  return match === null || port > 65_535 ? null : { host: match[1] ?? match[2] ?? '', port }
}

function parseDomain(text: string): string | null {
  const domain = text.toLowerCase().replace(/^\.|\.$/g, '')
  return /^(?=.{1,200}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*$/.test(domain) ? domain : null
}

function parseGateway(text: string): URL | null {
  const url = new URL(text)
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.pathname === '/' && url.search === '' ? url : null
}
