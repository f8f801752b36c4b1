import { namePattern, type Stack } from '@standin/client'
import { extendService, type LoadFile } from './extend-service.ts'
import { child, isNull, type Located, type LocatedMap } from './located.ts'
import { type ReadHost, readHost } from './read-host.ts'
import type { Volumes } from './read-volumes.ts'
import { type Reading, readItems, readMap, readString } from './reader.ts'

const label = new RegExp(namePattern)

/** All services whose profiles are active, as hosts; `inactive` are the names of the others. */
export function readHosts(
  reading: Reading,
  load: LoadFile,
  root: LocatedMap,
  file: string,
  volumes: Volumes,
  secrets: Stack['secrets'],
): { hosts: Map<string, ReadHost>; inactive: Set<string> } {
  const hosts = new Map<string, ReadHost>()
  const inactive = new Set<string>()
  const node = child(root, 'services')
  const services = node === undefined ? undefined : readMap(reading, node, 'services')
  if (node === undefined) reading.faults.error(root.at, 'services', '"services" is missing: a blueprint has at least one host')
  const active = new Set((reading.lookup('COMPOSE_PROFILES') ?? '').split(',').map((profile) => profile.trim()))
  for (const [name, entry] of services?.entries ?? []) {
    if (name.startsWith('x-')) continue
    const path = `services.${name}`
    if (!label.test(name)) {
      const better = name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-+|-+$/g, '')
      reading.faults.error(
        entry.keyAt,
        path,
        `"${name}" is no name for a host: it becomes a DNS label${label.test(better) ? ` (call it "${better}")` : ''}`,
      )
      continue
    }
    if (isNull(entry.value)) {
      reading.faults.error(entry.keyAt, path, `the service "${name}" is empty`)
      continue
    }
    const service = extendService(reading, load, name, entry.value, file)
    if (!isActive(reading, service, path, active)) {
      inactive.add(name)
      continue
    }
    const host = readHost(reading, name, service, entry.keyAt, volumes, secrets)
    if (host !== undefined) hosts.set(name, host)
  }
  if (services !== undefined && hosts.size === 0 && !reading.faults.hasErrors) {
    reading.faults.error(
      services.at,
      'services',
      inactive.size > 0 ? 'every service has a profile and none is active; set COMPOSE_PROFILES' : 'there is no service',
    )
  }
  return { hosts, inactive }
}

function isActive(reading: Reading, service: Located, path: string, active: ReadonlySet<string>): boolean {
  const node = service.kind === 'map' ? child(service, 'profiles') : undefined
  if (node === undefined) return true
  const profiles = readItems(reading, { node, path: `${path}.profiles` }).flatMap((item) => readString(reading, item) ?? [])
  return profiles.length === 0 || active.has('*') || profiles.some((profile) => active.has(profile))
}
