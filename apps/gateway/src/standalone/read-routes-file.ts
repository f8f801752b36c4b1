import { type RouteInFile, RoutesFile } from '@standin/client'
import { normaliseHost } from '../routing/host-name.ts'
import { parseNetwork } from '../routing/probes.ts'
import { checkSchema } from './check-schema.ts'
import { endpointOf } from './endpoint-in-file.ts'
import { LocatedDocument } from './read-document.ts'

/**
 * Reads a routes file, YAML or JSON.
 * @param file as it is named in faults
 * @throws StandinError `invalid`, with every fault, its path and its line
 */
export const readRoutesFile = (text: string, file: string): RoutesFile => {
  const document = new LocatedDocument(text, file)
  document.throwIfAny()
  if (document.value === null || document.value === undefined) document.fault([], 'the file is empty; it needs at least "routes"')
  else {
    checkSchema(document, RoutesFile)
    checkMeaning(document, document.value as Partial<RoutesFile>)
  }
  document.throwIfAny()
  return document.value as RoutesFile
}

/** Host of a route, as requests name it. Null: it has none that could be. */
export const hostOf = ({ host, environment, service = 'www' }: RouteInFile, domain: string | undefined): string | null =>
  normaliseHost(host ?? `${service}-${environment}.${domain}`)

/** What no schema can say, of all that has the shape which the schema asks for. */
const checkMeaning = (document: LocatedDocument, value: Partial<RoutesFile>): void => {
  // One that is no text is told of already, and the routes are not to be blamed for it.
  const domain = document.isSound(['domain']) ? value.domain : 'some.domain'
  const sound = <T>(key: 'routes' | 'probes', list: readonly T[] | undefined): [number, T][] =>
    Array.isArray(list) ? [...(list as T[]).entries()].filter(([index]) => document.isSound([key, index])) : []
  if (domain !== undefined && !isPlainName(domain)) document.fault(['domain'], `"${domain}" is not a domain name`)
  const seen = new Map<string, number>()
  for (const [index, route] of sound('routes', value.routes)) {
    const path = ['routes', index]
    checkNames(document, route, domain, path)
    const key = `${hostOf(route, domain)} ${route.path ?? '/'}`
    const first = seen.get(key)
    if (first !== undefined) document.fault(path, `routes.${first} leads from ${key.replace(' ', '')} already`)
    else seen.set(key, index)
    for (const [at, endpoint] of route.endpoints.entries()) {
      const found = endpointOf(endpoint)
      if (typeof found === 'string') document.fault([...path, 'endpoints', at], found)
    }
    for (const [at, { expiresAt }] of (route.faults ?? []).entries()) {
      if (expiresAt !== undefined && Number.isNaN(Date.parse(expiresAt))) {
        document.fault([...path, 'faults', at, 'expiresAt'], `"${expiresAt}" is not an instant such as 2026-11-21T18:00:00Z`)
      }
    }
  }
  for (const [index, { network }] of sound('probes', value.probes)) {
    if (network !== undefined && parseNetwork(network) === null) {
      document.fault(['probes', index, 'network'], `"${network}" is not a network such as 10.0.0.0/8`)
    }
  }
}

const checkNames = (
  document: LocatedDocument,
  route: RouteInFile,
  domain: string | undefined,
  path: readonly (string | number)[],
): void => {
  const { host, environment, service } = route
  if (host === undefined && environment === undefined) {
    document.fault(path, 'it needs "host", or "environment" with a "service"')
  } else if (host === undefined && domain === undefined) {
    document.fault([...path, 'environment'], 'the file needs a "domain", or this route a "host"')
  } else if (host !== undefined && !isPlainName(host)) {
    document.fault([...path, 'host'], `"${host}" is not a host name (without port and path)`)
  } else if (`${service ?? 'www'}-${environment}`.length > 63) {
    document.fault([...path, 'service'], `"${service}-${environment}" is longer than the 63 characters that a DNS label may have`)
  }
}

const isPlainName = (name: string): boolean => normaliseHost(name) !== null && !name.includes(':')
