import type { AttachService, Probe, RoutePolicy } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { parseName } from './name.ts'

/** One `--service`: of a service, or of a path of it. */
export interface ServiceFlag {
  readonly name: string
  /** `/api`; undefined: the service itself. */
  readonly path: string | undefined
  readonly endpoints: AttachService['endpoints']
}

/** One `--policy`: of a service, or of a path of it. */
export interface PolicyFlag {
  readonly name: string
  readonly path: string | undefined
  /** As in a blueprint; read when it is needed. */
  readonly text: string
}

/** `www=127.0.0.1:9000,[::1]:9001`, `www/api=127.0.0.1:9100`, `www=127.0.0.1:9000*3,127.0.0.1:9001`. */
export function parseService(text: string): ServiceFlag {
  const { name, path, value } = splitTarget(text, 'a service with its endpoints', 'www=127.0.0.1:9000,127.0.0.1:9001')
  const endpoints = value.split(',').map((endpoint) => {
    const [, address, weight] = /^((?:\[[0-9a-fA-F:.]+\]|[^:\s/*]+):\d{1,5})(?:\*(\d{1,4}))?$/.exec(endpoint) ?? []
    if (address === undefined) {
      throw new StandinError('invalid', `'${text}' is not a service with its endpoints.`, {
        hint: 'Write it as www=127.0.0.1:9000,127.0.0.1:9001.',
      })
    }
    return weight === undefined ? address : { address, weight: Number(weight) }
  })
  return { name, path, endpoints }
}

/** `www={balance: least-connections}`, `www/api={protocol: h2c}`. */
export function parsePolicyFlag(text: string): PolicyFlag {
  const { name, path, value } = splitTarget(text, 'a policy of a service', 'www={balance: least-connections}')
  return { name, path, text: value }
}

/** `user-agent=kube-probe/`, `path=/healthz,network=10.0.0.0/8`: all that one says must hold. */
export function parseProbe(text: string): Probe {
  const keys: Readonly<Record<string, keyof Probe>> = { 'user-agent': 'userAgent', path: 'path', network: 'network' }
  const entries = text.split(',').map((part) => {
    const at = part.indexOf('=')
    const key = keys[part.slice(0, at)]
    const value = part.slice(at + 1)
    if (key === undefined || value === '') {
      throw new StandinError('invalid', `'${text}' is not a probe.`, {
        hint: 'Write it as user-agent=kube-probe/ or path=/healthz,network=10.0.0.0/8.',
      })
    }
    return [key, value]
  })
  return Object.fromEntries(entries)
}

/**
 * The services that the flags say together.
 * @param parsePolicy reads what a flag has
 * @throws StandinError `invalid` for a path or a policy of a service that isn't there
 */
export function assembleServices(
  services: readonly ServiceFlag[],
  policies: readonly PolicyFlag[],
  parsePolicy: (text: string) => RoutePolicy,
): AttachService[] {
  const policyOf = (name: string, path: string | undefined) => {
    const flag = policies.find((each) => each.name === name && each.path === path)
    return flag === undefined ? {} : { policy: parsePolicy(flag.text) }
  }
  const stray = [
    ...services.filter(({ name, path }) => path !== undefined && !services.some((each) => each.name === name && each.path === undefined)),
    ...policies.filter(({ name, path }) => !services.some((each) => each.name === name && each.path === path)),
  ]
  const [first] = stray
  if (first !== undefined) {
    const target = `${first.name}${first.path ?? ''}`
    throw new StandinError('invalid', `There is no --service for ${'text' in first ? target : first.name}.`, {
      hint: `Add --service ${'text' in first ? target : first.name}=127.0.0.1:9000.`,
    })
  }
  return services
    .filter(({ path }) => path === undefined)
    .map(({ name, endpoints }) => {
      const paths = services.flatMap((each) =>
        each.name === name && each.path !== undefined ? [{ path: each.path, endpoints: each.endpoints, ...policyOf(name, each.path) }] : [],
      )
      return { name, endpoints, ...policyOf(name, undefined), ...(paths.length === 0 ? {} : { paths }) }
    })
}

function splitTarget(text: string, what: string, example: string): { name: string; path: string | undefined; value: string } {
  const at = text.indexOf('=')
  if (at < 1 || at === text.length - 1) throw new StandinError('invalid', `'${text}' is not ${what}.`, { hint: `Write it as ${example}.` })
  const target = text.slice(0, at)
  const slash = target.indexOf('/')
  const name = parseName(slash < 0 ? target : target.slice(0, slash))
  return { name, path: slash < 0 ? undefined : target.slice(slash), value: text.slice(at + 1) }
}
