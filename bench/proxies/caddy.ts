import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cores, findProgram, freePorts, PinnedServer } from '../processes.ts'
import type { Candidate } from './proxy.ts'

/** Without its metrics, which cost it a good part of its speed. */
export const caddy: Candidate = {
  name: 'Caddy',
  program: { name: 'caddy', package: 'caddy' },
  async start({ directory, upstream, certificate, key }) {
    const [http, https] = (await freePorts(2)) as [number, number]
    const own = join(directory, 'caddy')
    mkdirSync(own, { recursive: true })
    const site = `
  bind 127.0.0.1
  log {
    output file ${own}/access.log {
      roll_disabled
    }
  }
  reverse_proxy 127.0.0.1:${upstream} {
    transport http {
      keepalive_idle_conns_per_host 128
    }
  }
`
    const config = `{
  admin off
  auto_https off
  storage file_system ${own}/storage
}
http://:${http} {${site}}
https://:${https} {
  tls ${certificate} ${key}${site}}
`
    writeFileSync(join(own, 'Caddyfile'), config)
    const args = ['run', '--adapter', 'caddyfile', '--config', join(own, 'Caddyfile')]
    const server = await PinnedServer.start(findProgram('caddy') as string, args, {
      core: cores.measured,
      env: { GOMAXPROCS: '1', HOME: own, XDG_DATA_HOME: own, XDG_CONFIG_HOME: own },
      output: join(own, 'output.log'),
      ports: [http, https],
    })
    return { server, http, https, http2: true }
  },
}
