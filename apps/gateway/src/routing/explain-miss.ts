import { StandinError } from '@standin/client/errors'
import type { RoutedEnvironment, Target } from './target.ts'

/** What can be known about a name that leads nowhere. */
export interface Table {
  readonly domain: string
  /** The first configId that was never given out. */
  readonly nextId: number
  /** Whose table it is. A routes file knows nothing of what was deleted. */
  readonly source: 'none' | 'control' | 'file'
  environment(id: number): RoutedEnvironment | undefined
  holder(host: string): Target | undefined
}

/** `unreachable` before the first table, then `environment_deleted` or `route_not_found`. */
export const explainMiss = (table: Table, host: string, path: string): StandinError => {
  if (table.source === 'none') {
    return new StandinError('unreachable', `The gateway has no routes yet, so it can not tell where ${host} leads`, {
      hint: 'Start the control plane; the gateway follows it as soon as it answers',
    })
  }
  const holder = table.holder(host)
  if (holder !== undefined) return pathNotPublished(holder, host, path)
  if (table.source === 'file') {
    return new StandinError('route_not_found', `No route leads to ${host}`, { hint: 'The routes file names the hosts that there are' })
  }
  const id = environmentOf(table, host)
  if (id === null) {
    return new StandinError('route_not_found', `No environment publishes ${host}`, {
      hint: `Names look like www-<configId>.${table.domain}; \`standin list\` shows what there is`,
    })
  }
  const environment = table.environment(id)
  if (environment !== undefined) {
    const names = [...new Set(environment.entry.routes.map((route) => route.host))].join(', ')
    return new StandinError('route_not_found', `Environment ${id} (${environment.entry.name}) does not publish ${host}`, {
      hint: names === '' ? 'It publishes no service' : `It publishes ${names}`,
    })
  }
  if (id < table.nextId) {
    return new StandinError('environment_deleted', `Environment ${id} was deleted`, {
      hint: `\`standin show ${id}\` tells why; \`standin undelete ${id}\` brings it back if it is still in the trash`,
    })
  }
  return new StandinError('route_not_found', `There is no environment ${id} yet`, { hint: '`standin list` shows what there is' })
}

/** The name is known, but only for other paths. */
const pathNotPublished = (holder: Target, host: string, path: string): StandinError => {
  const prefixes: string[] = []
  for (let target: Target | null = holder; target !== null; target = target.next) prefixes.push(target.prefix)
  const query = path.indexOf('?')
  return new StandinError('route_not_found', `${host} publishes nothing at ${query === -1 ? path : path.slice(0, query)}`, {
    hint: `It publishes what is below ${[...new Set(prefixes)].join(', ')}`,
  })
}

/** configId in `<service>-<id>.<domain>` or `<host>.<id>.<domain>`; null where the name is not of that form. */
const environmentOf = (table: Table, host: string): number | null => {
  if (!host.endsWith(`.${table.domain}`)) return null
  const match = /(?:^|[-.])([1-9][0-9]{3,14})$/.exec(host.slice(0, -table.domain.length - 1))
  return match === null ? null : Number(match[1])
}
