import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { RouteEntry, TableSnapshot } from '@standin/client'
import { cores, freePorts, PinnedServer } from '../processes.ts'
import type { Candidate, Setting, StartedProxy } from './proxy.ts'

const main = resolve(import.meta.dirname, '../../apps/gateway/src/main.ts')
/** The configId of the first environment, as control counts. */
export const firstId = 1001

export const hostOf = (id: number, domain: string): string => `www-${id}.${domain}`

/** Our gateway with so many environments in its table, all of them running on the one upstream. */
export const standin = (environments: number, name = 'Standin'): Candidate => ({
  name,
  start: (setting) => startStandin(setting, environments),
})

async function startStandin({ directory, upstream, domain, certificate, key }: Setting, environments: number): Promise<StartedProxy> {
  const [http, https, admin] = (await freePorts(3)) as [number, number, number]
  const home = join(directory, `standin-${environments}`)
  mkdirSync(join(home, 'gateway'), { recursive: true })
  const table = { format: 'standin-routes-1', ...tableOf(environments, upstream, domain) }
  writeFileSync(join(home, 'gateway', 'routes.json'), JSON.stringify(table), { mode: 0o600 })
  const listeners = ['--http', `127.0.0.1:${http}`, '--https', `127.0.0.1:${https}`, '--admin', `127.0.0.1:${admin}`]
  // As bin/standin has it: TypeScript that was compiled once takes less time and memory. It is kept when a process ends.
  const compiled = join(directory, 'compiled')
  const start = () =>
    PinnedServer.start(process.execPath, [main, '--home', home, ...listeners, '--tls-cert', certificate, '--tls-key', key], {
      core: cores.measured,
      env: { NODE_COMPILE_CACHE: compiled },
      output: join(home, 'access.log'),
      ports: [http, https],
    })
  if (!existsSync(compiled)) await (await start())[Symbol.asyncDispose]()
  const server = await start()
  return { server, http, https, http2: true }
}

/** As the gateway keeps control's table on disk. */
const tableOf = (environments: number, port: number, domain: string): TableSnapshot<RouteEntry> => ({
  epoch: 'bench',
  revision: environments,
  domain,
  gateway: ['127.0.0.1'],
  nextId: firstId + environments,
  items: Array.from({ length: environments }, (_, index) => ({
    environment: firstId + index,
    name: `shop-${index}`,
    state: 'running',
    reason: 'attached',
    revision: index + 1,
    routes: [
      {
        host: hostOf(firstId + index, domain),
        service: 'www',
        endpoints: [{ address: '127.0.0.1', port, generation: 1, instance: 'web-1' }],
      },
    ],
  })),
})
