import type { EnvironmentState, RecordEntry, TableSnapshot } from '@standin/client'
import { chain } from '../chain.ts'
import { AccessList } from '../clients/access-list.ts'
import { Resolver, type ResolverOptions } from '../resolver.ts'
import { Forwarder } from '../upstream/forwarder.ts'
import { Source } from '../wire/source.ts'
import { RecordTable } from '../zones/record-table.ts'

export const domain = 'test-envs.localhost'
/** Who asks in tests. */
export const source = new Source().set('127.0.0.1', 5353)

/** An environment with `web` (two instances), `db` and `queue.internal`; services `www` and `my-api`. */
export function entry(environment: number, state: EnvironmentState = 'running'): RecordEntry {
  const network = environment % 250
  const host = (name: string, addresses: string[], ptr: boolean) => ({ name: `${name}.${environment}.${domain}`, addresses, ptr })
  return {
    environment,
    state,
    owner: 'alice',
    revision: 1,
    services: ['www', 'my-api'],
    records: [
      host('web', [`127.64.${network}.1`, `127.64.${network}.2`], false),
      host('web-1', [`127.64.${network}.1`], true),
      host('web-2', [`127.64.${network}.2`], true),
      host('db', [`127.64.${network}.3`, `fd00::${network}:3`], false),
      host('db-1', [`127.64.${network}.3`, `fd00::${network}:3`], true),
      host('queue.internal', [`10.9.${network}.4`], true),
    ],
  }
}

export function snapshot(...items: RecordEntry[]): TableSnapshot<RecordEntry> {
  return { epoch: 'one', revision: 7, domain, gateway: ['127.0.0.1', '::1'], gatewayPort: 8080, nextId: 2000, items }
}

export function loadedTable(...items: RecordEntry[]): RecordTable {
  const table = new RecordTable(['127.0.0.1'])
  table.load(snapshot(...items))
  return table
}

/** A resolver over a table, without upstreams unless given; a fault in a handler fails the test. */
export function resolverOf(table: RecordTable, forwarder = new Forwarder([]), options: Partial<ResolverOptions> = {}): Resolver {
  const access = options.access ?? new AccessList()
  return new Resolver(chain({ access, table, forwarder }), {
    access,
    revision: table.changes,
    recursionAvailable: forwarder.hasUpstreams,
    onFault: (cause) => {
      throw cause
    },
    ...options,
  })
}
