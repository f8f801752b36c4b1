import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { get, request } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { type RunningGateway, spawnGateway } from '../testing/spawn-gateway.ts'
import { domain } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()
const host = `www-1001.${domain}`
/** Of each body. `STANDIN_BODY_MIB=1024` is what the gateway promises; the default keeps the suite short. */
const mebibytes = Number(process.env.STANDIN_BODY_MIB ?? 128)
const chunkBytes = 64 * 1024
const chunks = mebibytes * 16
/** How much the gateway's memory may grow, MiB: an order of magnitude, for whatever the collector leaves lying. */
const growthLimit = 100

/** How many bytes there were, and their checksum. */
interface Sum {
  bytes: number
  crc: number
}
const empty = (): Sum => ({ bytes: 0, crc: 0 })
const add = (sum: Sum, chunk: Buffer) => {
  sum.bytes += chunk.length
  sum.crc = crc32(chunk, sum.crc)
}

/** Writes a body that nobody holds as a whole, as fast as it is taken. */
const writeAll = async (to: Writable): Promise<Sum> => {
  const sum = empty()
  for (let i = 0; i < chunks; i++) {
    const chunk = Buffer.alloc(chunkBytes, i & 0xff)
    chunk.writeUInt32BE(i, 0)
    add(sum, chunk)
    if (!to.write(chunk)) await once(to, 'drain')
  }
  to.end()
  return sum
}

/** Reads a body slowly at first, so that all of it would pile up where nobody says stop; then as fast as it comes. */
const readAll = async (from: Readable): Promise<Sum> => {
  const sum = empty()
  let pauses = 0
  for await (const chunk of from) {
    add(sum, chunk)
    if (pauses++ < 20) await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return sum
}

/** MiB, of a process: `VmRSS` now, `VmHWM` at the most so far. */
const memory = async (pid: number | undefined, field: 'VmRSS' | 'VmHWM'): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`${field}:\\s*([0-9]+)`).exec(status)?.[1]) / 1024
}

const openHttp2 = async (gateway: RunningGateway) => {
  const session = connectHttp2(`https://${host}`, { ...addressOf(gateway), rejectUnauthorized: false })
  await use(Promise.resolve({ [Symbol.asyncDispose]: async () => session.destroy() }))
  return session
}
const addressOf = ({ line }: RunningGateway) => ({ host: '127.0.0.1', port: Number(line.https?.split(':')[2]), servername: host })

const clients = {
  'HTTP/1.1': {
    download: async ({ port }: RunningGateway) => {
      const req = get({ host: '127.0.0.1', port, agent: false, headers: { host } })
      const [res] = (await once(req, 'response')) as [Readable]
      return readAll(res)
    },
    upload: async ({ port }: RunningGateway) => {
      const req = request({ host: '127.0.0.1', port, agent: false, method: 'POST', headers: { host } })
      const answered = once(req, 'response')
      const sum = await writeAll(req)
      const [res] = (await answered) as [Readable]
      res.resume()
      return sum
    },
  },
  'HTTP/2 over TLS': {
    download: async (gateway: RunningGateway) => readAll((await openHttp2(gateway)).request({ ':path': '/' })),
    upload: async (gateway: RunningGateway) => {
      const stream = (await openHttp2(gateway)).request({ ':path': '/', ':method': 'POST' })
      const answered = once(stream, 'response')
      const sum = await writeAll(stream)
      await answered
      stream.resume()
      return sum
    },
  },
}

/** An endpoint that sends a body to whoever asks, and reads that of whoever posts. */
const startAll = async () => {
  const home = await use(
    mkdtemp(join(tmpdir(), 'standin-memory-')).then((path) => ({
      path,
      [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
    })),
  )
  const endpoint = Promise.withResolvers<Sum>()
  const upstream = await use(
    startHttpUpstream(async (req, res) => {
      if (req.url === '/small') res.end('small')
      else if (req.method === 'GET') endpoint.resolve(await writeAll(res))
      else {
        endpoint.resolve(await readAll(req))
        res.end()
      }
    }),
  )
  const routes = join(home.path, 'routes.json')
  const route = { environment: 1001, service: 'www', endpoints: [`127.0.0.1:${upstream.port}`] }
  await writeFile(routes, JSON.stringify({ domain, routes: [route] }))
  const flags = ['--http', '127.0.0.1:0', '--https', '127.0.0.1:0', '--routes', routes, '--home', home.path]
  const gateway = await use(spawnGateway(...flags))
  while ((await fetchThrough(gateway.port, 1001, { path: '/small' })).status !== 200);
  return { gateway, endpoint: endpoint.promise }
}

describe.each(Object.entries(clients))(`A body of ${mebibytes} MiB over %s`, { timeout: 60_000 + mebibytes * 500 }, (_, client) => {
  it.each(['download', 'upload'] as const)('costs bounded memory where its reader is slow, and arrives whole: %s', async (direction) => {
    const { gateway, endpoint } = await startAll()
    const before = await memory(gateway.process.pid, 'VmRSS')
    const sums = await Promise.all([client[direction](gateway), endpoint])
    const growth = (await memory(gateway.process.pid, 'VmHWM')) - before
    expect(sums[0]).toEqual(sums[1])
    expect(sums[0].bytes).toBe(mebibytes * 2 ** 20)
    expect(growth).toBeLessThan(growthLimit)
  })
})
