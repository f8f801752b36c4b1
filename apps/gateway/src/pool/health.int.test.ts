import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { RoutePolicy } from '@standin/client'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { eventually, getRequest, sendRaw } from '../testing/raw-client.ts'
import { routeEntry, type StartedGateway, startGateway } from '../testing/start-gateway.ts'
import { deadPort, startHttpUpstream, startRawUpstream } from '../testing/upstream.ts'
import type { UpstreamState } from './upstream-state.ts'

const use = cleanup()

const stateOf = (gateway: StartedGateway, instance: string): UpstreamState | undefined =>
  gateway.router.environment(1001)?.targets[0]?.pool.upstreams.find(({ endpoint }) => endpoint.instance === instance)?.state

/** So many requests, eight at a time. @returns bodies, or the status where it isn't 200 */
const load = async (gateway: StartedGateway, requests: number): Promise<string[]> => {
  const answers: string[] = []
  let left = requests
  const client = async () => {
    while (left-- > 0) {
      const { status, body } = await fetchThrough(gateway.port, 1001)
      answers.push(status === 200 ? body : String(status))
    }
  }
  await Promise.all(Array.from({ length: 8 }, client))
  return answers
}

const count = (answers: readonly string[], what: string) => answers.filter((answer) => answer === what).length

describe('active health checks', () => {
  // More than a machine stands still for: who is well is never found unwell by that.
  const health = { path: '/healthz?deep=1', intervalMs: 100, timeoutMs: 2_000, unhealthyAfter: 2, healthyAfter: 2 }

  it('keep requests from an endpoint that is unwell, until it is well again', async () => {
    const gateway = await use(startGateway())
    let isWell = true
    const names = ['a', 'b', 'c']
    const upstreams = await Promise.all(
      names.map((name) =>
        use(
          startHttpUpstream((req, res) => {
            if (req.url?.startsWith('/healthz') === true && name === 'a' && !isWell) res.statusCode = 500
            res.end(name)
          }),
        ),
      ),
    )
    const ports = upstreams.map(({ port }) => port)
    gateway.router.put(routeEntry(1001, ports, { policy: { health } }))
    await eventually('all were found well', () => names.every((_, i) => stateOf(gateway, `web-${i + 1}`) === 'well'))
    expect(count(await load(gateway, 30), 'a')).toBe(10)
    isWell = false
    await eventually('a is unwell', () => stateOf(gateway, 'web-1') === 'unwell')
    expect(count(await load(gateway, 30), 'a')).toBe(0)
    isWell = true
    await eventually('a is well again', () => stateOf(gateway, 'web-1') === 'well')
    expect(count(await load(gateway, 30), 'a')).toBe(10)
    expect(gateway.ended.every(({ status, retries }) => status === 200 && retries === 0)).toBe(true)
  })

  it('ask as the policy says, on a connection that is kept, and are nobody’s activity', async () => {
    const gateway = await use(startGateway())
    const seen: string[] = []
    const upstream = await use(
      startHttpUpstream((req, res) => {
        seen.push(`${req.method} ${req.url} ${req.headers.host} ${req.headers['user-agent']}`)
        res.end('fine')
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port], { policy: { health } }))
    await eventually('it was asked a few times', () => seen.length >= 5)
    expect(new Set(seen)).toEqual(new Set(['GET /healthz?deep=1 www-1001.test-envs.localhost standin-health']))
    expect(upstream.accepted()).toBe(1)
    expect(gateway.activity.record(1001)).toMatchObject({ at: 0, open: 0 })
    expect(gateway.ended).toEqual([])
    expect(gateway.upstreams.counters.active).toBe(0)
  })

  it('find an endpoint that takes connections and never answers, and one that is not there', async () => {
    const gateway = await use(startGateway())
    const fine = await use(startHttpUpstream((_, res) => res.end('fine')))
    const other = await use(startHttpUpstream((_, res) => res.end('fine')))
    const hanging = await use(startRawUpstream((socket) => socket.resume()))
    gateway.router.put(routeEntry(1001, [fine.port, other.port, hanging.port, deadPort], { policy: { health } }))
    await eventually('both are unwell', () => ['web-3', 'web-4'].every((name) => stateOf(gateway, name) === 'unwell'))
    expect(count(await load(gateway, 20), 'fine')).toBe(20)
    expect(hanging.sockets.size, 'a check that hangs is cut').toBeLessThanOrEqual(1)
  })

  it('speak HTTP/2 where the endpoint does', async () => {
    const gateway = await use(startGateway())
    const seen: string[] = []
    const server = createServer((req, res) => {
      seen.push(`${req.httpVersion} ${req.method} ${req.url} ${req.headers[':authority']}`)
      res.statusCode = seen.length > 2 ? 500 : 200
      res.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    gateway.router.put(routeEntry(1001, [port], { policy: { protocol: 'h2c', health } }))
    await eventually('it is well', () => stateOf(gateway, 'web-1') === 'well')
    await eventually('it is unwell', () => stateOf(gateway, 'web-1') === 'unwell')
    expect(new Set(seen)).toEqual(new Set(['2.0 GET /healthz?deep=1 www-1001.test-envs.localhost']))
    gateway.router.remove(1001)
    // Waits for the last session.
    await new Promise((resolve) => server.close(resolve))
  })

  it('stop while the environment does not run, and when it is gone', async () => {
    const gateway = await use(startGateway())
    let asked = 0
    const upstream = await use(
      startHttpUpstream((_, res) => {
        asked++
        res.end()
      }),
    )
    const policy: RoutePolicy = { health }
    gateway.router.put(routeEntry(1001, [upstream.port], { policy }))
    await eventually('it is checked', () => asked >= 2)
    gateway.router.put(routeEntry(1001, [upstream.port], { policy, state: 'suspended', revision: 2 }))
    await eventually('no connection is left', () => upstream.sockets.size === 0)
    expect([gateway.upstreams.checks.size, gateway.upstreams.size]).toEqual([0, 0])
    const before = asked
    await new Promise((resolve) => setTimeout(resolve, 350))
    expect(asked).toBe(before)
    gateway.router.put(routeEntry(1001, [upstream.port], { policy, revision: 3 }))
    await eventually('it is checked again', () => asked > before)
    gateway.router.remove(1001)
    await eventually('no connection is left', () => upstream.sockets.size === 0 && gateway.upstreams.draining === 0)
    expect(gateway.upstreams.checks.size).toBe(0)
  })

  it('go on as they were when the table is replaced all the time', async () => {
    const gateway = await use(startGateway())
    let asked = 0
    const upstream = await use(
      startHttpUpstream((_, res) => {
        asked++
        res.statusCode = 500
        res.end()
      }),
    )
    const fine = await use(startHttpUpstream((_, res) => res.end('fine')))
    const begun = performance.now()
    for (let revision = 1; performance.now() - begun < 1_000 || asked <= 3; revision++) {
      gateway.router.put(routeEntry(1001, [upstream.port, fine.port, fine.port], { policy: { health }, revision }))
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(asked).toBeLessThan((15 * (performance.now() - begun)) / 1_000)
    expect(stateOf(gateway, 'web-1')).toBe('unwell')
  })
})

describe('passive health checks', () => {
  it('leave an endpoint out that dies under load, lose nothing to it, and take it back when it returns', async () => {
    const gateway = await use(startGateway())
    // Nobody else takes a port of this address while it is free.
    const address = '127.1.1.1'
    const start = (name: string, port = 0) => startHttpUpstream((_, res) => res.end(name), port, address)
    const [a, b] = [await use(start('a')), await use(start('b'))]
    const dying = await start('c')
    const { port } = dying
    gateway.router.put(routeEntry(1001, [a.port, b.port, port], { address, policy: { eject: { failures: 3, forMs: 400 } } }))
    expect(count(await load(gateway, 30), 'c')).toBe(10)
    const during = load(gateway, 300)
    await dying[Symbol.asyncDispose]()
    const answers = await during
    // What it had taken when it died may have been carried out: at most one for each client.
    expect(count(answers, '502')).toBeLessThanOrEqual(8)
    expect(count(answers, 'a') + count(answers, 'b') + count(answers, 'c') + count(answers, '502')).toBe(300)
    expect(gateway.upstreams.counters.ejections).toBeGreaterThan(0)
    expect(await load(gateway, 30)).not.toContain('502')
    await use(start('c', port))
    await eventually('it is tried', () => stateOf(gateway, 'web-3') === 'returning', 30_000)
    await load(gateway, 12)
    expect(stateOf(gateway, 'web-3')).toBe('well')
    expect(count(await load(gateway, 30), 'c')).toBe(10)
  })

  it.each([
    ['refuses connections', undefined],
    ['resets them', 'reset'],
    ['answers 503', '503'],
    ['answers nonsense', 'nonsense'],
  ] as const)('leave an endpoint out that %s', async (_, how) => {
    const gateway = await use(startGateway())
    const fine = await use(startHttpUpstream((_, res) => res.end('fine')))
    let reached = 0
    const bad = await use(
      startRawUpstream((socket) => {
        socket.once('data', () => {
          reached++
          if (how === 'reset') socket.resetAndDestroy()
          else socket.end(how === '503' ? 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n' : 'SSH-2.0-dropbear\r\n\r\n')
        })
      }),
    )
    const badPort = how === undefined ? deadPort : bad.port
    gateway.router.put(routeEntry(1001, [fine.port, badPort], { policy: { eject: { failures: 4, forMs: 60_000 } } }))
    await load(gateway, 40)
    expect(stateOf(gateway, 'web-2')).toBe('ejected')
    const before = reached
    expect(await load(gateway, 20)).toEqual(new Array(20).fill('fine'))
    expect(reached).toBe(before)
  })

  it('leave out an endpoint that breaks its answers off in the middle', async () => {
    const gateway = await use(startGateway())
    const fine = await use(startHttpUpstream((_, res) => res.end('fine')))
    const bad = await use(startHttpUpstream((_, res) => res.writeHead(200, { 'content-length': 100 }).write('half', () => res.destroy())))
    gateway.router.put(routeEntry(1001, [fine.port, bad.port], { policy: { eject: { failures: 3, forMs: 60_000 } } }))
    for (let i = 0; i < 6; i++) await sendRaw(gateway.port, getRequest(1001, '/', ['Connection: close']))
    expect(stateOf(gateway, 'web-2')).toBe('ejected')
    expect(gateway.ended.filter(({ flag }) => flag === 'upstream_cut')).toHaveLength(3)
    expect(await load(gateway, 10)).toEqual(new Array(10).fill('fine'))
  })

  it('use all endpoints if most are out: the only one is asked although it fails', async () => {
    const gateway = await use(startGateway())
    let status = 503
    const upstream = await use(
      startHttpUpstream((_, res) => {
        res.statusCode = status
        res.end('only')
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port], { policy: { eject: { failures: 1, forMs: 60_000 } } }))
    expect(await load(gateway, 10)).toEqual(new Array(10).fill('503'))
    expect(stateOf(gateway, 'web-1')).toBe('ejected')
    status = 200
    expect(await load(gateway, 10)).toEqual(new Array(10).fill('only'))
  })

  it('do not hold it against an endpoint that it closes idle connections', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startRawUpstream((socket) => {
        let served = 0
        socket.on('data', () => {
          if (served++ === 0) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine')
          else socket.resetAndDestroy()
        })
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port], { policy: { eject: { failures: 1 } } }))
    for (let i = 0; i < 6; i++) expect((await fetchThrough(gateway.port, 1001)).body).toBe('fine')
    expect(stateOf(gateway, 'web-1')).toBe('well')
    expect(gateway.upstreams.counters.retries).toBeGreaterThan(0)
  })
})
