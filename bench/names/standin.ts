import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { RecordEntry } from '@standin/client'
import { cores, freePorts, PinnedServer } from '../processes.ts'
import { writeDnsmasqFile } from './dnsmasq.ts'
import { firstId, type NameServer, type NameSetting, namesOf } from './name-server.ts'

const main = resolve(import.meta.dirname, '../../apps/dns/src/main.ts')

/** With the names as hosts of environments, out of the table that it keeps on disk. */
export const standin: NameServer = {
  name: 'Standin',
  start(setting) {
    const home = join(setting.directory, 'home')
    mkdirSync(join(home, 'dns'), { recursive: true })
    writeFileSync(join(home, 'dns', 'records.json'), JSON.stringify(tableOf(setting)))
    return started(setting, ['--home', home, '--upstream', setting.upstream === undefined ? 'none' : `127.0.0.1:${setting.upstream}`])
  },
}

/** With the same file as dnsmasq. */
export const standinWithFile: NameServer = {
  name: "Standin, dnsmasq's file",
  start: (setting) => started(setting, ['--home', setting.directory, '--conf-file', writeDnsmasqFile(setting)]),
}

async function started({ directory }: NameSetting, flags: readonly string[]) {
  const [port] = (await freePorts(1)) as [number]
  const server = await PinnedServer.start(process.execPath, [main, '--dns', `127.0.0.1:${port}`, ...flags], {
    core: cores.measured,
    output: join(directory, 'output.log'),
    ports: [port],
  })
  return { server, port }
}

function tableOf({ domain, count }: NameSetting) {
  const items = new Map<number, RecordEntry>()
  for (const name of namesOf(domain, count)) {
    const environment = Number(name.split('.')[1])
    const entry = items.get(environment) ?? { environment, state: 'running', owner: 'bench', revision: 1, services: ['www'], records: [] }
    items.set(environment, { ...entry, records: [...entry.records, { name, addresses: ['127.0.0.1'], ptr: false }] })
  }
  const nextId = firstId + items.size
  return { format: 'standin-records-1', epoch: 'bench', revision: 1, domain, gateway: ['127.0.0.1'], nextId, items: [...items.values()] }
}
