import { readFileSync } from 'node:fs'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { eventually, getRequest, openRaw } from '../testing/raw-client.ts'
import { startControl } from '../testing/small-control.ts'
import { type RunningGateway, spawnGateway } from '../testing/spawn-gateway.ts'
import { domain, routeEntry } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()

const workersOf = ({ process }: RunningGateway): number[] =>
  readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

const isAlive = (pid: number): boolean => {
  try {
    // A zombie is nobody.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

const get = async (gateway: RunningGateway, path: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(`${gateway.line.admin}${path}`)
  return { status: response.status, text: await response.text() }
}

const isReady = async (gateway: RunningGateway) => {
  while ((await get(gateway, '/readyz')).status !== 200) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** On connections of their own, so that both workers get some. */
const answers = async (port: number, environment: number, count = 40): Promise<Set<string>> => {
  const all = await Promise.all(Array.from({ length: count }, () => fetchThrough(port, environment)))
  return new Set(all.map(({ status, body }) => (status === 200 ? body : String(status))))
}

describe.skipIf(process.platform !== 'linux')('A gateway of several processes', { timeout: 300_000 }, () => {
  const start = async (...more: string[]) => {
    let slow = 0
    const upstream = await use(
      startHttpUpstream((req, res) => {
        if (req.url === '/slow') slow++
        setTimeout(() => res.end('hello'), req.url === '/slow' ? 500 : 0)
      }),
    )
    const control = await use(startControl([routeEntry(1001, [upstream.port]), routeEntry(1002, [], { state: 'suspended' })]))
    const gateway = await use(
      spawnGateway('--home', control.home, '--http', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--workers', '2', '--drain', '2s', ...more),
    )
    await isReady(gateway)
    return { upstream, control, gateway, slow: () => slow }
  }

  it('serves one table, wakes once, reports activity and adds up its numbers', async () => {
    const { upstream, control, gateway } = await start()
    expect(workersOf(gateway)).toHaveLength(2)
    expect(await answers(gateway.port, 1001)).toEqual(new Set(['hello']))
    const woken = Array.from({ length: 30 }, () => fetchThrough(gateway.port, 1002))
    await eventually('control is asked', () => control.resumed.length > 0)
    // Of both workers: one that is late asks for what another has woken meanwhile.
    while (!/^standin_gateway_held_requests 30$/m.test((await get(gateway, '/metrics')).text))
      await new Promise((resolve) => setTimeout(resolve, 10))
    control.delta(routeEntry(1002, [upstream.port], { revision: 2 }))
    for (const answer of await Promise.all(woken)) expect(answer.body).toBe('hello')
    expect(control.resumed).toEqual(['/v1/environments/1002/resume'])
    control.delta(null, 1001)
    await eventually('it is told', () => control.activity.some(({ environment }) => environment === 1001), 30_000)
    let seen = new Set<string>()
    while (!seen.has('410') || seen.size > 1) seen = await answers(gateway.port, 1001, 10)

    const { text } = await get(gateway, '/metrics')
    const counted = Number(/^standin_gateway_requests_total\{protocol="1.1",status="2xx",method="GET"\} (\d+)$/m.exec(text)?.[1])
    expect(counted).toBeGreaterThanOrEqual(70)
    expect(text).toMatch(/^standin_gateway_worker_resident_bytes\{worker="2"\} \d+$/m)
    expect(JSON.parse((await get(gateway, '/routes')).text).environments).toMatchObject([{ environment: 1002, state: 'running' }])
    const { entry, workers } = JSON.parse((await get(gateway, '/routes?environment=1002')).text)
    expect(entry.name).toBe('shop-1002')
    expect(workers).toHaveLength(2)
    expect(workers[0].endpoints[0]).toMatchObject({ endpoint: `127.0.0.1:${upstream.port}#1`, instance: 'web-1' })
    expect((await get(gateway, '/routes?environment=1001')).status).toBe(404)
    gateway.process.kill('SIGTERM')
    expect(await gateway.exited).toBe(0)
    const lines = gateway
      .stderr()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.filter(({ msg, status }) => msg === 'access' && status === 200)).toHaveLength(counted)
  })

  it('loses only the connections of a worker that is killed, and has another one soon', async () => {
    const { control, upstream, gateway } = await start()
    const before = workersOf(gateway)
    const open = await Promise.all(Array.from({ length: 40 }, () => openRaw(gateway.port)))
    let closed = 0
    for (const socket of open) {
      socket.on('error', () => {})
      socket.on('close', () => closed++)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
    process.kill(before[0] as number, 'SIGKILL')
    await eventually('its connections are gone', () => closed > 0)
    expect(closed).toBeLessThan(40)
    // What changes meanwhile has reached the next one before it takes a request.
    control.delta(routeEntry(1003, [upstream.port], { revision: 3 }))
    const [dead, survivor] = before
    // A process that is killed closes its listening socket a moment after its first connections: who comes then is reset.
    while ((await fetchThrough(gateway.port, 1003).catch(() => null))?.body !== 'hello');
    await eventually('another one is there', () => workersOf(gateway).some((pid) => pid !== dead && pid !== survivor), 30_000)
    await isReady(gateway)
    expect(workersOf(gateway)).toHaveLength(2)
    expect(workersOf(gateway)).not.toContain(dead)
    expect(await answers(gateway.port, 1003)).toEqual(new Set(['hello']))
    expect((await get(gateway, '/metrics')).text).toMatch(/^standin_gateway_connections_total\{scheme="http"\} \d+$/m)
    for (const socket of open) socket.destroy()
  })

  it('ends its workers when the first process is killed', async () => {
    const { gateway } = await start()
    const workers = workersOf(gateway)
    gateway.process.kill('SIGKILL')
    await eventually('they have ended', () => !workers.some(isAlive), 30_000)
  })

  it.each(['SIGINT', 'SIGHUP'] as const)('lets requests end where its terminal sends all of them %s', async (signal) => {
    const { gateway, slow } = await start()
    const answered = Array.from({ length: 12 }, () => fetchThrough(gateway.port, 1001, { path: '/slow' }))
    await eventually('all are under way', () => slow() === 12)
    for (const pid of [...workersOf(gateway), gateway.process.pid as number]) process.kill(pid, signal)
    for (const answer of await Promise.all(answered)) expect(answer.body).toBe('hello')
    expect(await gateway.exited).toBe(0)
  })

  it('resumes a TLS session with whichever worker (RFC 8446, section 2.2)', async () => {
    const { gateway } = await start('--https', '127.0.0.1:0')
    const port = Number(gateway.line.https?.split(':')[2])
    const handshake = (session?: Buffer) =>
      new Promise<{ session: Buffer; reused: boolean }>((resolve, reject) => {
        const options = {
          port,
          host: '127.0.0.1',
          servername: `www-1001.${domain}`,
          rejectUnauthorized: false,
          ALPNProtocols: ['http/1.1'],
        }
        const socket = connectTls({ ...options, ...(session === undefined ? {} : { session }) })
        socket.on('error', reject)
        const finish = (ticket: Buffer) => {
          resolve({ session: ticket, reused: socket.isSessionReused() })
          socket.destroy()
        }
        // Who resumes a session need not be given another one. Of one who left before the last word the gateway knows nothing.
        if (session === undefined) socket.once('session', finish)
        else {
          socket.write(getRequest(1001))
          socket.once('data', () => finish(session))
        }
      })
    const { session } = await handshake()
    const all = await Promise.all(Array.from({ length: 12 }, () => handshake(session)))
    expect(all.map(({ reused }) => reused)).toEqual(Array(12).fill(true))
    const { text } = await get(gateway, '/metrics')
    expect(text).toMatch(/^standin_gateway_tls_handshakes_total\{result="resumed"\} 12$/m)
  })

  it('does not start where its port is taken, and leaves nothing behind', async () => {
    const { gateway, control } = await start()
    const second = await use(spawnGateway('--home', control.home, '--http', `127.0.0.1:${gateway.port}`, '--workers', '2'))
    expect(second.line.error).toMatchObject({ code: 'port_taken', hint: expect.stringContaining('--http') })
    expect(await second.exited).toBe(1)
  })
})
