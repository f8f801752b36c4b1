import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cleanup } from './testing/cleanup.ts'
import { fetchThrough } from './testing/fetch-through.ts'
import { eventually, getRequest, openRaw, sendRaw } from './testing/raw-client.ts'
import { startControl } from './testing/small-control.ts'
import { spawnGateway } from './testing/spawn-gateway.ts'
import { domain, routeEntry } from './testing/start-gateway.ts'
import { startHttpUpstream } from './testing/upstream.ts'

const use = cleanup()

describe('The gateway as a process', { timeout: 60_000 }, () => {
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
