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
  const table = new Map(items.map((entry) => [entry.environment, entry]))
  const home = await mkdtemp(join(tmpdir(), 'standin-gateway-'))
  const watches = new Set<ServerResponse>()
  let revision = 1
  const activity: ActivityReport['items'] = []
  const resumed: string[] = []
  const server = createServer((req, res) => {
    if (req.url?.startsWith('/v1/routes')) {
      watches.add(res)
      res.on('close', () => watches.delete(res))
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      const snapshot = { epoch: 'a', revision, domain, gateway: [], nextId: 1010, items: [...table.values()] }
      res.write(`id: a:${revision}\nevent: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`)
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
  // Who hears nothing for a while takes the link for dead.
  const heart = setInterval(() => {
    for (const watch of watches) watch.write(`event: heartbeat\ndata: ${JSON.stringify({ revision })}\n\n`)
  }, 1_000)
  return {
    home,
    port,
    activity,
    resumed,
    delta: (put: RouteEntry | null, remove: number | null = null) => {
      if (put !== null) table.set(put.environment, put)
      if (remove !== null) table.delete(remove)
      const delta = { revision: ++revision, put, remove }
      for (const watch of watches) watch.write(`id: a:${revision}\nevent: delta\ndata: ${JSON.stringify(delta)}\n\n`)
    },
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(heart)
      server.close()
      server.closeAllConnections()
      await rm(home, { recursive: true })
    },
  }
}
