import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cores, findProgram, freePorts, PinnedServer } from '../processes.ts'
import type { Candidate } from './proxy.ts'

/** What any nginx here needs to run unprivileged below one directory. */
export const nginxPreamble = (directory: string): string => {
  mkdirSync(directory, { recursive: true })
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${directory}/${name};`)
  return `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events { worker_connections 8192; }
http {
${paths.join('\n')}
`
}

/** The same fields as ours, and as few writes. */
const logFormat = `log_format access escape=json '{"level":30,"time":$msec,"msg":"access","id":"$request_id","client":"$remote_addr",'
    '"method":"$request_method","host":"$host","path":"$uri","upstream":"$upstream_addr","upstreamMs":$upstream_response_time,'
    '"status":$status,"bytes":$bytes_sent,"ms":$request_time}';`

export const nginx: Candidate = {
  name: 'nginx',
  program: { name: 'nginx', package: 'nginx-light' },
  async start({ directory, upstream, domain, certificate, key }) {
    const [http, https] = (await freePorts(2)) as [number, number]
    const own = join(directory, 'nginx')
    const config = `${nginxPreamble(own)}
  ${logFormat}
  access_log ${own}/access.log access buffer=32k flush=1s;
  keepalive_requests 1000000000;
  upstream environment { server 127.0.0.1:${upstream}; keepalive 128; keepalive_requests 1000000000; }
  ssl_certificate ${certificate};
  ssl_certificate_key ${key};
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:10m;
  server {
    listen 127.0.0.1:${http} backlog=4096;
    listen 127.0.0.1:${https} ssl http2 backlog=4096;
    server_name *.${domain};
    http2_max_concurrent_streams 128;
    location = /status { stub_status; }
    location / {
      proxy_pass http://environment;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Port $server_port;
      proxy_set_header X-Request-Id $request_id;
      proxy_set_header Proxy "";
    }
  }
}
`
    writeFileSync(join(own, 'nginx.conf'), config)
    const server = await PinnedServer.start(findProgram('nginx') as string, ['-p', own, '-c', join(own, 'nginx.conf')], {
      core: cores.measured,
      output: join(own, 'output.log'),
      ports: [http, https],
    })
    return { server, http, https, http2: true }
  },
}
