import type { HostSpec, Probe, Publish, RoutePolicy } from '@standin/client'
import { isNetwork } from './network.ts'
import { type PolicySettings, readPolicy } from './policy-settings.ts'
import type { XProbe, XPublish } from './x-standin-schema.ts'

/** Reports a fault at a JSON pointer of the `x-standin` block. */
type Fault = (pointer: string, message: string) => void
/** Finds a host, or reports that there is none. */
type FindHost = (name: string, pointer: string) => HostSpec | undefined

type Target = Pick<Publish, 'host' | 'port'>

/** An entry of `publish`, short or long. */
export function readPublish(service: string, entry: XPublish, findHost: FindHost, fault: Fault): Publish[] {
  const pointer = `/publish/${service}`
  if (typeof entry === 'string') return readTarget(entry, service, pointer, findHost, fault).map((target) => ({ service, ...target }))
  const policy = policyOf(entry.policy, `${pointer}/policy`, fault)
  const paths = Object.entries(entry.paths ?? {}).flatMap(([path, given]) => {
    const at = `${pointer}/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}`
    const [to, toAt] = typeof given === 'string' ? [given, at] : [given.to, `${at}/to`]
    // What answers a path is treated as the service is, unless it says otherwise.
    const own = typeof given === 'string' || given.policy === undefined ? policy : policyOf(given.policy, `${at}/policy`, fault)
    return readTarget(to, path, toAt, findHost, fault).map((target) => ({ path, ...target, ...own }))
  })
  return readTarget(entry.to, service, `${pointer}/to`, findHost, fault).map((target) => ({
    service,
    ...target,
    ...policy,
    ...(paths.length === 0 ? {} : { paths }),
  }))
}

export function readProbes(probes: readonly XProbe[], fault: Fault): Probe[] {
  return probes.map(({ 'user-agent': userAgent, path, network }, index) => {
    if (userAgent === undefined && path === undefined && network === undefined) {
      fault(`/probes/${index}`, 'a probe is known by its "user-agent", its "path" or its "network": at least one of them')
    }
    if (network !== undefined && !isNetwork(network)) fault(`/probes/${index}/network`, `"${network}" is no network, such as 10.0.0.0/8`)
    return {
      ...(userAgent === undefined ? {} : { userAgent }),
      ...(path === undefined ? {} : { path }),
      ...(network === undefined ? {} : { network }),
    }
  })
}

/** `web:8080`, or `web` for its first port. */
function readTarget(text: string, key: string, pointer: string, findHost: FindHost, fault: Fault): Target[] {
  const [name = '', said] = text.split(':')
  const host = findHost(name, pointer)
  if (host === undefined) return []
  const port = said === undefined ? host.ports[0] : Number(said)
  if (port === undefined) {
    fault(pointer, `the host "${name}" has no port; write "${key}: ${name}:8080"`)
    return []
  }
  if (port < 1 || port > 65_535) {
    fault(pointer, `${port} is no port`)
    return []
  }
  return [{ host: name, port }]
}

function policyOf(settings: PolicySettings | undefined, pointer: string, fault: Fault): { policy?: RoutePolicy } {
  if (settings === undefined) return {}
  return { policy: readPolicy(settings, (below, message) => fault(`${pointer}${below}`, message)) }
}
