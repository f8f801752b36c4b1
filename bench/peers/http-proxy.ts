// A reverse proxy of the `http-proxy` library, as its users write one: `node http-proxy.ts UPSTREAM HTTP HTTPS CERT KEY LOG`.
import { createWriteStream, readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import httpProxy from 'http-proxy'

const [upstream, http, https, certificate, key, log] = process.argv.slice(2) as [string, string, string, string, string, string]
const out = createWriteStream(log, { flags: 'a' })
let lines = ''
setInterval(() => {
  if (lines !== '') out.write(lines)
  lines = ''
}, 250)

const target = { host: '127.0.0.1', port: upstream }
const agent = new Agent({ keepAlive: true, maxSockets: 1024, maxFreeSockets: 1024 })
const secure = { cert: readFileSync(certificate), key: readFileSync(key) }
for (const [port, ssl] of [
  [http, undefined],
  [https, secure],
] as const) {
  const proxy = httpProxy.createProxyServer({ target, agent, xfwd: true, ...(ssl === undefined ? {} : { ssl }) })
  proxy.on('proxyRes', (answer, req) => {
    lines += `{"level":30,"time":${Date.now()},"msg":"access","client":"${req.socket.remoteAddress}","method":"${req.method}","host":"${req.headers.host}","path":${JSON.stringify(req.url)},"status":${answer.statusCode}}\n`
  })
  proxy.listen(Number(port), '127.0.0.1')
}
