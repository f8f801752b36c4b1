import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cores, findProgram, freePorts, PinnedServer } from '../processes.ts'
import type { NameServer } from './name-server.ts'

export const coredns: NameServer = {
  name: 'CoreDNS',
  program: { name: 'coredns' },
  async start({ directory, hostsFile, upstream }) {
    const [port] = (await freePorts(1)) as [number]
    const file = join(directory, 'Corefile')
    const forward = upstream === undefined ? '' : `  cache 3600\n  forward . 127.0.0.1:${upstream}\n`
    writeFileSync(file, `.:${port} {\n  bind 127.0.0.1\n  hosts ${hostsFile} {\n    fallthrough\n  }\n${forward}}\n`)
    const server = await PinnedServer.start(findProgram('coredns') as string, ['-conf', file], {
      core: cores.measured,
      env: { GOMAXPROCS: '1' },
      output: join(directory, 'output.log'),
      ports: [port],
    })
    return { server, port }
  },
}
