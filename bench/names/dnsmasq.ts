import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cores, findProgram, freePorts, PinnedServer } from '../processes.ts'
import type { NameServer, NameSetting, StartedNameServer } from './name-server.ts'

/** A configuration file that dnsmasq and Standin read alike. */
export function writeDnsmasqFile({ directory, hostsFile, upstream }: NameSetting): string {
  const file = join(directory, 'dnsmasq.conf')
  const upstreamLine = upstream === undefined ? '' : `server=127.0.0.1#${upstream}\n`
  writeFileSync(file, `no-resolv\nno-hosts\naddn-hosts=${hostsFile}\ncache-size=10000\n${upstreamLine}`)
  return file
}

export const dnsmasq: NameServer = {
  name: 'dnsmasq',
  program: { name: 'dnsmasq', package: 'dnsmasq-base' },
  start: (setting) => startDnsmasq(setting.directory, writeDnsmasqFile(setting)),
}

export async function startDnsmasq(directory: string, file: string): Promise<StartedNameServer> {
  const [port] = (await freePorts(1)) as [number]
  const listen = ['--port', String(port), '--listen-address=127.0.0.1', '--bind-interfaces']
  const alone = ['--keep-in-foreground', '--pid-file=', `--conf-file=${file}`, '--local-ttl=3600']
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : []
  const server = await PinnedServer.start(findProgram('dnsmasq') as string, [...alone, ...listen, ...asRoot], {
    core: cores.measured,
    output: join(directory, 'output.log'),
    ports: [port],
  })
  return { server, port }
}
