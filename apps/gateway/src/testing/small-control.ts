import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ActivityReport, RouteEntry } from '@standin/client'
import { domain } from './start-gateway.ts'

/** A home, and a server that plays control for the gateway: the watch of routes, waking, activity. */
export const startControl = async (items: RouteEntry[]) => {
  const home = await mkdtemp(join(tmpdir(), 'standin-gateway-'))
  const watches = new Set<ServerResponse>()
  const activity: ActivityReport['items'] = []
  const resumed: string[] = []
  const server = createServer((req, res) => {
    if (req.url?.startsWith('/v1/routes')) {
      watches.add(res)
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      const snapshot = { epoch: 'a', revision: 1, domain, gateway: [], nextId: 1010, items }
      res.write(`id: a:1\nevent: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`)
      return
    }
    let body = ''
    req.on('data', (chunk) => {
      body += chunk
    })
    req.on('end', () => {
      if (req.url === '/v1/activity') activity.push(...JSON.parse(body).items)
      else resumed.push(req.url ?? '')
      res.writeHead(req.url === '/v1/activity' ? 204 : 202, { 'content-type': 'application/json' })
      res.end(req.url === '/v1/activity' ? undefined : JSON.stringify({ id: 1002, state: 'resuming' }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = (server.address() as AddressInfo).port
  await mkdir(join(home, 'run'))
  await mkdir(join(home, 'secrets'))
  await writeFile(join(home, 'run', 'control.json'), JSON.stringify({ api: `http://127.0.0.1:${port}`, pid: process.pid }))
  await writeFile(join(home, 'secrets', 'gateway.token'), 'stn_2_secret')
  let revision = 1
  return {
    home,
    port,
    activity,
    resumed,
    delta: (put: RouteEntry | null, remove: number | null = null) => {
      const delta = { revision: ++revision, put, remove }
      for (const watch of watches) watch.write(`id: a:${revision}\nevent: delta\ndata: ${JSON.stringify(delta)}\n\n`)
    },
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await rm(home, { recursive: true })
    },
  }
}
