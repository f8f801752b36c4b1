import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cores, findProgram, freePorts, PinnedServer } from '../processes.ts'
import type { NameServer } from './name-server.ts'

export const unbound: NameServer = {
  name: 'unbound',
  program: { name: 'unbound', package: 'unbound' },
  async start({ directory, domain, hostsFile, upstream }) {
    const [port] = (await freePorts(1)) as [number]
    const file = join(directory, 'unbound.conf')
    const records = readFileSync(hostsFile, 'utf8').replace(/^(\S+) (\S+)$/gm, '  local-data: "$2 3600 A $1"')
    const forward = upstream === undefined ? '' : `forward-zone:\n  name: "."\n  forward-addr: 127.0.0.1@${upstream}\n`
    writeFileSync(
      file,
      `server:
  interface: 127.0.0.1@${port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "${directory}"
  pidfile: ""
  use-syslog: no
  num-threads: 1
  do-not-query-localhost: no
  module-config: "iterator"
  local-zone: "${domain}" static
${records}
remote-control:
  control-enable: no
${forward}`,
    )
    const server = await PinnedServer.start(findProgram('unbound') as string, ['-d', '-c', file], {
      core: cores.measured,
      output: join(directory, 'output.log'),
      ports: [port],
    })
    return { server, port }
  },
}
