import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cores, findProgram, freePorts, PinnedServer } from '../processes.ts'
import type { Candidate } from './proxy.ts'

/** Its log goes to its output, which is a file: it opens none itself. */
export const haproxy: Candidate = {
  name: 'HAProxy',
  program: { name: 'haproxy', package: 'haproxy' },
  async start({ directory, upstream, domain, certificate, key }) {
    const [http, https] = (await freePorts(2)) as [number, number]
    const own = join(directory, 'haproxy')
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, 'both.pem'), `${readFileSync(certificate, 'utf8')}${readFileSync(key, 'utf8')}`, { mode: 0o600 })
    const config = `global
  nbthread 1
  maxconn 8192
  log stdout format raw local0
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  mode http
  log global
  option httplog
  option forwardfor
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend gateway
  bind 127.0.0.1:${http} backlog 4096
  bind 127.0.0.1:${https} ssl crt ${own}/both.pem alpn h2,http/1.1 backlog 4096
  http-request set-header X-Forwarded-Proto https if { ssl_fc }
  http-request set-header X-Forwarded-Proto http if !{ ssl_fc }
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request del-header Proxy
  use_backend environment if { req.hdr(host),field(1,:) -m end -i .${domain} }
backend environment
  server one 127.0.0.1:${upstream} pool-max-conn 128
`
    writeFileSync(join(own, 'haproxy.cfg'), config)
    const server = await PinnedServer.start(findProgram('haproxy') as string, ['-db', '-f', join(own, 'haproxy.cfg')], {
      core: cores.measured,
      output: join(own, 'access.log'),
      ports: [http, https],
    })
    return { server, http, https, http2: true }
  },
}
