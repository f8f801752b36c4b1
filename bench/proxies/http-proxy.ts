import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { cores, freePorts, PinnedServer } from '../processes.ts'
import type { Candidate } from './proxy.ts'

const script = resolve(import.meta.dirname, '../peers/http-proxy.ts')

/** The library that Node programs proxy with. It knows no HTTP/2. */
export const httpProxy: Candidate = {
  name: 'http-proxy',
  async start({ directory, upstream, certificate, key }) {
    const [http, https] = (await freePorts(2)) as [number, number]
    const own = join(directory, 'http-proxy')
    mkdirSync(own, { recursive: true })
    const args = [script, upstream, http, https, certificate, key, join(own, 'access.log')].map(String)
    const server = await PinnedServer.start(process.execPath, args, {
      core: cores.measured,
      output: join(own, 'output.log'),
      ports: [http, https],
    })
    return { server, http, https, http2: false }
  },
}
