import type { HostRecord, Instance, RecordEntry, Stack } from '@standin/client'
import type { EnvironmentRecord } from '../store/environment-record.ts'
import { hostsOf, servicePools } from './pool.ts'
import type { Belongings } from './routes.ts'

/** What the resolver has to know of an environment; null: nothing, it was deleted. The revision is added when it is sent. */
export function recordEntry(
  record: EnvironmentRecord,
  stack: Stack,
  domain: string,
  { aliases }: Pick<Belongings, 'aliases'>,
): Omit<RecordEntry, 'revision'> | null {
  if (record.state === 'deleted') return null
  // What is attached has addresses that aren't ours to name.
  const ptr = record.kind !== 'attachment'
  return {
    environment: record.id,
    state: record.state,
    owner: record.owner,
    services: servicePools(record, stack, domain).map((service) => service.name),
    ...(aliases.length === 0 ? {} : { aliases: aliases.map(({ host }) => host) }),
    records: hostsOf(record, stack, domain).flatMap(({ fqdn, instances }): HostRecord[] => [
      // A host without an address exists as well: who asks for it is told why there is none, not that there is no such host.
      { name: fqdn, addresses: [...new Set(instances.flatMap(addressesOf))], ptr: false },
      ...instances.map((each) => ({ name: `${each.name}.${record.id}.${domain}`, addresses: addressesOf(each), ptr })),
    ]),
  }
}

function addressesOf({ address }: Instance): string[] {
  return address === '' ? [] : [address]
}
