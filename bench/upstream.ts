import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cores, findProgram, freePorts, PinnedServer } from './processes.ts'
import { nginxPreamble } from './proxies/nginx.ts'

/** What every request is answered with: 128 bytes. */
const body = 'x'.repeat(128)

const nodeUpstream = `
const answer = Buffer.from('HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nContent-Length: 128\\r\\n\\r\\n${body}')
require('node:net').createServer({ noDelay: true }, (socket) => {
  let text = ''
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    for (let end; (end = text.indexOf('\\r\\n\\r\\n')) !== -1; text = text.slice(end + 4)) socket.write(answer)
  })
}).listen(Number(process.argv[1]), '127.0.0.1')
`

/** The environment behind every proxy: small and fast, on the load's core. */
export async function startUpstream(directory: string): Promise<{ server: PinnedServer; port: number }> {
  const [port] = (await freePorts(1)) as [number]
  const own = join(directory, 'upstream')
  mkdirSync(own, { recursive: true })
  const options = { core: cores.load, output: join(own, 'output.log'), ports: [port] }
  const program = findProgram('nginx')
  if (program === undefined)
    return { server: await PinnedServer.start(process.execPath, ['-e', nodeUpstream, String(port)], options), port }
  const config = `${nginxPreamble(own)}
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  server { listen 127.0.0.1:${port} backlog=4096; default_type text/plain; location / { return 200 "${body}"; } }
}
`
  writeFileSync(join(own, 'nginx.conf'), config)
  return { server: await PinnedServer.start(program, ['-p', own, '-c', join(own, 'nginx.conf')], options), port }
}
