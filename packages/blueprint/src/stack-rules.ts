import type { Publish, Stack } from '@standin/client'
import type { Position } from './located.ts'
import { tcpHealthCheck } from './read-health-check.ts'
import type { ReadHost } from './read-host.ts'
import type { Reading } from './reader.ts'
import { didYouMean } from './suggest.ts'

/**
 * What holds between hosts: dependencies lead to hosts that exist, can become what is waited for, and not in a circle.
 * `inactive` are the services whose profiles are not active.
 */
export function checkDependencies(reading: Reading, hosts: ReadonlyMap<string, ReadHost>, inactive: ReadonlySet<string>): void {
  for (const [name, host] of hosts) {
    for (const { host: target, condition, required, at, path } of host.dependencies) {
      const other = hosts.get(target)
      if (other === undefined) {
        if (inactive.has(target)) {
          if (required)
            reading.faults.error(
              at,
              path,
              `"${name}" depends on "${target}", whose profiles are not active; set COMPOSE_PROFILES, or say required: false`,
            )
        } else reading.faults.error(at, path, `"${name}" depends on "${target}", which is no service${didYouMean(target, hosts.keys())}`)
      } else if (condition === 'service_healthy' && other.spec.healthCheck === null) {
        reading.faults.error(at, path, `"${name}" waits until "${target}" is healthy, but that has no health check and no port`)
      } else if (
        condition === 'service_completed_successfully' &&
        (other.spec.restart.policy === 'always' || other.spec.restart.policy === 'unless-stopped')
      ) {
        reading.faults.error(
          at,
          path,
          `"${name}" waits until "${target}" has completed, but its restart policy "${other.spec.restart.policy}" never lets it`,
        )
      }
    }
  }
  findCircle(reading, hosts)
}

function findCircle(reading: Reading, hosts: ReadonlyMap<string, ReadHost>): void {
  const done = new Set<string>()
  const visit = (name: string, way: readonly string[]): void => {
    if (done.has(name)) return
    const start = way.indexOf(name)
    if (start !== -1) {
      const circle = way.slice(start)
      // Told once, where the first of its services in the file says it.
      const first = [...hosts.keys()].find((key) => circle.includes(key)) ?? name
      const turned = [...circle.slice(circle.indexOf(first)), ...circle.slice(0, circle.indexOf(first)), first]
      const clause = hosts.get(first)?.dependencies.find((dependency) => dependency.host === turned[1])
      if (clause !== undefined)
        reading.faults.error(clause.at, clause.path, `services depend on each other in a circle: ${turned.join(' → ')}`)
      return
    }
    for (const { host } of hosts.get(name)?.dependencies ?? []) if (hosts.has(host)) visit(host, [...way, name])
    done.add(name)
  }
  for (const name of hosts.keys()) visit(name, [])
}

/** A dependency that is not required and not there goes; a published port is one that the host listens on. */
export function settleHosts(hosts: ReadonlyMap<string, ReadHost>, publish: readonly Publish[]): ReadHost[] {
  return [...hosts.values()].map((host) => {
    const targets = publish.flatMap((entry) => [entry, ...(entry.paths ?? [])])
    const published = targets.filter((target) => target.host === host.spec.name).map((target) => target.port)
    const ports = [...new Set([...host.spec.ports, ...published])]
    const first = ports[0]
    const unchecked = host.spec.healthCheck === null && host.spec.ports.length === 0 && first !== undefined && !host.hasHealthCheck
    return {
      ...host,
      spec: {
        ...host.spec,
        ports,
        healthCheck: unchecked ? tcpHealthCheck(first) : host.spec.healthCheck,
        dependsOn: host.spec.dependsOn.filter((dependency) => hosts.has(dependency.host)),
      },
    }
  })
}

/** Without `publish`, the only host with a port is `www`. */
export function defaultPublish(reading: Reading, hosts: ReadonlyMap<string, ReadHost>, at: Position): Publish[] {
  const candidates = [...hosts.values()].filter((host) => host.spec.ports.length > 0)
  const [only] = candidates
  const port = only?.spec.ports[0]
  if (candidates.length === 1 && only !== undefined && port !== undefined) return [{ service: 'www', host: only.spec.name, port }]
  const why = candidates.length === 0 ? 'no host has a port' : `${candidates.map((host) => host.spec.name).join(', ')} have ports`
  reading.faults.warn(at, 'x-standin.publish', `nothing is published: ${why}; say which with x-standin: {publish: {www: host:port}}`)
  return []
}

/** What is asked is published: nothing else of a clone has an address that others know. */
export function checkBusy(reading: Reading, { service }: NonNullable<Stack['busy']>, publish: readonly Publish[], at: Position): void {
  const names = publish.map((entry) => entry.service)
  if (names.includes(service)) return
  const there = `there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ') || 'none'}`
  reading.faults.error(at, 'x-standin.busy', `there is no published service "${service}"${didYouMean(service, names)}; ${there}`)
}
