import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ActivityReport, RouteEntry } from '@standin/client'
import { describe, expect, it } from 'vitest'
import { cleanup } from './testing/cleanup.ts'
import { fetchThrough } from './testing/fetch-through.ts'
import { eventually, getRequest, openRaw, sendRaw } from './testing/raw-client.ts'
import { domain, routeEntry } from './testing/start-gateway.ts'
import { startHttpUpstream } from './testing/upstream.ts'

const use = cleanup()

/** A home, and a server that plays control for the gateway: the watch of routes, waking, activity. */
const startControl = async (items: RouteEntry[]) => {
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

interface RunningGateway extends AsyncDisposable {
  process: ChildProcess
  line: { http?: string; error?: { code: string; detail: string; hint?: string } }
  port: number
  stderr: () => string
  exited: Promise<number | null>
}

const spawnGateway = async (...args: string[]): Promise<RunningGateway> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [text] = (await once(createInterface(child.stdout), 'line')) as [string]
  const line = JSON.parse(text) as RunningGateway['line']
  return {
    process: child,
    line,
    port: Number(line.http?.split(':')[2] ?? 0),
    stderr: () => stderr,
    exited,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
    },
  }
}

describe('The gateway as a process', () => {
  it('follows control, reports activity, and serves from its own table when control is away, also after a restart', async () => {
    const upstream = await use(startHttpUpstream((_, res) => res.end('hello')))
    const control = await use(startControl([routeEntry(1001, [upstream.port]), routeEntry(1002, [], { state: 'suspended' })]))
    const gateway = await use(spawnGateway('--home', control.home, '--http', '127.0.0.1:0'))
    expect(gateway.line.http).toMatch(/^http:\/\/127\.0\.0\.1:[0-9]+$/)

    let status = 0
    while (status !== 200) status = (await fetchThrough(gateway.port, 1001)).status
    const woken = fetchThrough(gateway.port, 1002)
    await eventually('control was asked to wake', () => control.resumed.length > 0)
    control.delta(routeEntry(1002, [upstream.port], { revision: 2 }))
    expect((await woken).body).toBe('hello')
    expect(control.resumed).toEqual(['/v1/environments/1002/resume'])
    control.delta(null, 1003)
    // An endpoint at control's own address was not refused by whoever wrote the table: it is here.
    control.delta(routeEntry(1004, [control.port], { revision: 4 }))
    let code = ''
    while (code !== 'endpoint_refused') code = JSON.parse((await fetchThrough(gateway.port, 1004)).body).code

    gateway.process.kill('SIGTERM')
    expect(await gateway.exited).toBe(0)
    expect(new Set(control.activity.map((item) => item.environment))).toEqual(new Set([1001, 1002, 1004]))
    expect(control.activity[0]?.cause).toBe(`GET www-1001.${domain}`)
    expect(JSON.parse(await readFile(join(control.home, 'gateway', 'routes.json'), 'utf8'))).toBeTruthy()
    const lines = gateway
      .stderr()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.find((line) => line.configId === 1001 && line.status === 200)).toMatchObject({
      msg: 'access',
      client: '127.0.0.1',
      method: 'GET',
      host: `www-1001.${domain}`,
      path: '/',
      service: 'www',
      bytes: 5,
      upstream: `127.0.0.1:${upstream.port}#1`,
    })
    expect(lines.find((line) => line.configId === 1002)?.holdMs).toBeGreaterThan(0)
    expect(gateway.stderr()).not.toContain('stn_2_secret')

    control.stop()
    const again = await use(spawnGateway('--home', control.home, '--http', '127.0.0.1:0'))
    expect((await fetchThrough(again.port, 1001)).body).toBe('hello')
    expect((await fetchThrough(again.port, 1002)).body).toBe('hello')
    expect((await fetchThrough(again.port, 1003)).status).toBe(410)
    again.process.kill('SIGTERM')
    expect(await again.exited).toBe(0)
  })

  it('ends what is under way before it stops, and takes nothing new', async () => {
    let finish: (() => void) | undefined
    const upstream = await use(
      startHttpUpstream((_, res) => {
        res.write('begun ')
        finish = () => res.end('finished')
      }),
    )
    const control = await use(startControl([routeEntry(1001, [upstream.port]), routeEntry(1002, [], { state: 'starting' })]))
    const gateway = await use(spawnGateway('--home', control.home, '--http', '127.0.0.1:0'))
    while ((await fetchThrough(gateway.port, 1003)).status !== 410) await new Promise((resolve) => setTimeout(resolve, 10))
    const idle = await openRaw(gateway.port)
    const held = sendRaw(gateway.port, getRequest(1002))
    const slow = fetchThrough(gateway.port, 1001)
    await eventually('it is under way', () => finish !== undefined)
    // By the time that this is answered, the one that is held was read as well.
    idle.write(getRequest(4711))
    await once(idle, 'data')
    gateway.process.kill('SIGTERM')
    await once(idle, 'close')
    expect((await held).text).toMatch(/^HTTP\/1\.1 503 /)
    let refusal: unknown
    while (refusal === undefined) {
      refusal = await openRaw(gateway.port).then(
        (socket) => void socket.on('error', () => {}).destroy(),
        (error) => error.code,
      )
    }
    expect(refusal).toBe('ECONNREFUSED')
    expect(gateway.process.exitCode).toBeNull()
    finish?.()
    expect((await slow).body).toBe('begun finished')
    expect(await gateway.exited).toBe(0)
  })

  it('says so in one line when its port is taken, when a flag is wrong, and starts without control', async () => {
    const home = await mkdtemp(join(tmpdir(), 'standin-gateway-'))
    try {
      const first = await use(spawnGateway('--home', home, '--http', '127.0.0.1:0'))
      expect(JSON.parse((await fetchThrough(first.port, 1001)).body)).toMatchObject({ code: 'unreachable', status: 503 })
      const second = await use(spawnGateway('--home', home, '--http', `127.0.0.1:${first.port}`))
      expect(second.line.error).toMatchObject({
        code: 'port_taken',
        detail: expect.stringContaining(`127.0.0.1:${first.port}`),
        hint: expect.stringContaining('--http'),
      })
      expect(await second.exited).toBe(1)
      const third = await use(spawnGateway('--home', home, '--htpp', 'x'))
      expect(third.line.error).toMatchObject({ code: 'invalid', detail: expect.stringContaining('--htpp') })
      expect(await third.exited).toBe(1)
    } finally {
      await rm(home, { recursive: true, force: true })
    }
  })
})
