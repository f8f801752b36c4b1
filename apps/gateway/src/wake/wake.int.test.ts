import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StandinError } from '@standin/client/errors'
import { ControlLink } from '@standin/follower'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { eventually, getRequest, openRaw } from '../testing/raw-client.ts'
import { domain, routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()

/** Plays the part of control's API that wakes, over real HTTP, through the follower's own client. */
const startControl = async (answer: (call: number) => { status: number; body: object }) => {
  const calls: { url: string; token: string | undefined; reason: string }[] = []
  const server = createServer((req, res) => {
    let body = ''
    req.on('data', (chunk) => {
      body += chunk
    })
    req.on('end', () => {
      calls.push({ url: `${req.method} ${req.url}`, token: req.headers.authorization, reason: JSON.parse(body).reason })
      const { status, body: sent } = answer(calls.length)
      res.writeHead(status, { 'content-type': status < 300 ? 'application/json' : 'application/problem+json' })
      res.end(JSON.stringify(sent))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const folder = await mkdtemp(join(tmpdir(), 'standin-wake-'))
  const tokenFile = join(folder, 'gateway.token')
  await writeFile(tokenFile, 'stn_1_test\n')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const link = new ControlLink({ home: folder, tokenName: 'gateway', control: url, tokenFile })
  return {
    calls,
    resume: (id: number, reason: string, signal: AbortSignal) => link.wake(id, reason, signal),
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await rm(folder, { recursive: true })
    },
  }
}

const accepted = () => ({ status: 202, body: { id: 1001, state: 'resuming' } })
const problem = (code: 'state_conflict' | 'forbidden' | 'quota_exceeded' | 'internal') => {
  const document = new StandinError(code, `it is ${code}`).toProblem()
  return () => ({ status: document.status, body: document })
}

describe('Waking', () => {
  it('asks control once however many requests wait, holds them all, and lets them go when it runs', async () => {
    const control = await use(startControl(accepted))
    const gateway = await use(startGateway({ resume: control.resume }))
    const upstream = await use(startHttpUpstream((req, res) => req.pipe(res)))
    gateway.router.put(routeEntry(1001, [], { state: 'suspended', reason: 'nobody used it for 15 minutes' }))
    const answers = Array.from({ length: 50 }, (_, index) => fetchThrough(gateway.port, 1001, { method: 'POST', body: `request ${index}` }))
    await eventually('all wait and control was asked', () => gateway.wake.waiting === 50 && control.calls.length > 0)
    gateway.router.put(routeEntry(1001, [], { state: 'resuming', revision: 2 }))
    expect(gateway.wake.waiting).toBe(50)
    gateway.router.put(routeEntry(1001, [upstream.port], { revision: 3 }))
    const bodies = (await Promise.all(answers)).map((answer) => answer.body)
    expect(bodies).toEqual(bodies.map((_, index) => `request ${index}`))
    expect(control.calls).toEqual([
      { url: 'POST /v1/environments/1001/resume', token: 'Bearer stn_1_test', reason: `a request to www-1001.${domain}` },
    ])
    expect(gateway.ended.every((exchange) => exchange.heldMs > 0)).toBe(true)
    expect(gateway.wake.waiting).toBe(0)
  })

  it('holds a WebSocket as well', async () => {
    const control = await use(startControl(accepted))
    const gateway = await use(startGateway({ resume: control.resume }))
    const { WebSocketServer } = await import('ws')
    const upstream = await use(startHttpUpstream((_, res) => res.end()))
    const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(sockets, 'listening')
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)))
    gateway.router.put(routeEntry(1001, [upstream.port], { state: 'suspended' }))
    const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/`, { headers: { host: `www-1001.${domain}` } })
    await eventually('it waits', () => gateway.wake.waiting === 1)
    gateway.router.put(routeEntry(1001, [(sockets.address() as AddressInfo).port], { revision: 2 }))
    await once(client, 'open')
    client.send('hello')
    expect(String((await once(client, 'message'))[0])).toBe('echo hello')
    client.close()
    await once(client, 'close')
    sockets.close()
  })

  it.each(['starting', 'resuming', 'snapshotting'] as const)(
    'holds a request to an environment that is %s, and does not ask control',
    async (state) => {
      const control = await use(startControl(accepted))
      const gateway = await use(startGateway({ resume: control.resume }))
      const upstream = await use(startHttpUpstream((_, res) => res.end('awake')))
      gateway.router.put(routeEntry(1001, [], { state }))
      const answer = fetchThrough(gateway.port, 1001)
      await eventually('it waits', () => gateway.wake.waiting === 1)
      gateway.router.put(routeEntry(1001, [upstream.port], { revision: 2 }))
      expect((await answer).body).toBe('awake')
      expect(control.calls).toEqual([])
    },
  )

  it('answers 504 with the reason when the time is up', async () => {
    const control = await use(startControl(accepted))
    const gateway = await use(startGateway({ resume: control.resume, limits: { holdMs: 150 } }))
    gateway.router.put(routeEntry(1001, [], { state: 'suspended' }))
    const answer = fetchThrough(gateway.port, 1001)
    await eventually('it waits', () => gateway.wake.waiting === 1)
    gateway.router.put(routeEntry(1001, [], { state: 'resuming', reason: 'waits for the disk', revision: 2 }))
    const { status, body } = await answer
    expect(status).toBe(504)
    expect(JSON.parse(body)).toMatchObject({
      code: 'wake_timeout',
      detail: expect.stringMatching(/is still resuming after .* waits for the disk/),
    })
    expect(gateway.wake.waiting).toBe(0)
    expect(gateway.activity.record(1001).open).toBe(0)
  })

  it('says so when control could not be reached until the time was up, and asks it again meanwhile', async () => {
    let attempts = 0
    const gateway = await use(
      startGateway({
        limits: { holdMs: 900 },
        resume: async () => {
          attempts++
          throw new StandinError('unreachable', 'Control does not run')
        },
      }),
    )
    gateway.router.put(routeEntry(1001, [], { state: 'suspended' }))
    const { status, body } = await fetchThrough(gateway.port, 1001)
    expect(status).toBe(504)
    expect(JSON.parse(body).detail).toContain('Control does not run')
    expect(attempts).toBeGreaterThan(1)
    const before = attempts
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(attempts).toBe(before)
  })

  it('gives up at once where control says that it will never work', async () => {
    const control = await use(startControl(problem('forbidden')))
    const gateway = await use(startGateway({ resume: control.resume }))
    gateway.router.put(routeEntry(1001, [], { state: 'suspended' }))
    const { status, body } = await fetchThrough(gateway.port, 1001)
    expect(status).toBe(503)
    expect(JSON.parse(body).detail).toContain('could not be woken: it is forbidden')
  })

  it('says why a plugin does not let it wake, also to who looks at the page, and asks again with the next request', async () => {
    const refused = problem('quota_exceeded')
    const control = await use(startControl((call) => (call < 3 ? refused() : accepted())))
    const gateway = await use(startGateway({ resume: control.resume, limits: { pageAfterMs: 0 } }))
    const upstream = await use(startHttpUpstream((_, res) => res.end('awake')))
    gateway.router.put(routeEntry(1001, [], { state: 'suspended' }))
    const headers = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    await fetchThrough(gateway.port, 1001, { headers })
    await eventually('control was asked', () => gateway.wake.troubleOf(1001) !== '')
    // The visitor still looks at the page, so its room is still there.
    expect((await fetchThrough(gateway.port, 1001, { headers })).body).toContain('It could not be woken yet: It is quota_exceeded.')
    await eventually('control was asked again', () => control.calls.length === 2)
    const answer = fetchThrough(gateway.port, 1001)
    await eventually('control was asked once more', () => control.calls.length === 3)
    gateway.router.put(routeEntry(1001, [upstream.port], { revision: 2 }))
    expect((await answer).body).toBe('awake')
  })

  it('answers a request that a quota keeps from waking its environment with the reason', async () => {
    const control = await use(startControl(problem('quota_exceeded')))
    const gateway = await use(startGateway({ resume: control.resume }))
    gateway.router.put(routeEntry(1001, [], { state: 'suspended' }))
    const { status, body } = await fetchThrough(gateway.port, 1001)
    expect([status, JSON.parse(body).detail]).toEqual([503, expect.stringContaining('could not be woken: it is quota_exceeded')])
    expect(control.calls).toHaveLength(1)
  })

  it('waits on where control says that it is on its way already', async () => {
    const control = await use(startControl(problem('state_conflict')))
    const gateway = await use(startGateway({ resume: control.resume }))
    const upstream = await use(startHttpUpstream((_, res) => res.end('awake')))
    gateway.router.put(routeEntry(1001, [], { state: 'suspended' }))
    const answer = fetchThrough(gateway.port, 1001)
    await eventually('control was asked', () => control.calls.length === 1)
    gateway.router.put(routeEntry(1001, [upstream.port], { revision: 2 }))
    expect((await answer).body).toBe('awake')
  })

  it('asks once more where it fell asleep again after it had begun to wake', async () => {
    const control = await use(startControl(accepted))
    const gateway = await use(startGateway({ resume: control.resume }))
    const upstream = await use(startHttpUpstream((_, res) => res.end('awake')))
    gateway.router.put(routeEntry(1001, [], { state: 'suspended' }))
    const answer = fetchThrough(gateway.port, 1001)
    await eventually('control was asked', () => control.calls.length === 1)
    gateway.router.put(routeEntry(1001, [], { state: 'suspended', revision: 2 }))
    gateway.router.put(routeEntry(1001, [], { state: 'resuming', revision: 3 }))
    gateway.router.put(routeEntry(1001, [], { state: 'suspended', revision: 4 }))
    await eventually('control was asked again', () => control.calls.length === 2)
    gateway.router.put(routeEntry(1001, [upstream.port], { revision: 5 }))
    expect((await answer).body).toBe('awake')
    expect(control.calls).toHaveLength(2)
  })

  it.each(['failed', 'stopped', 'deleted'] as const)('answers at once when the environment is %s instead', async (state) => {
    const gateway = await use(startGateway())
    gateway.router.put(routeEntry(1001, [], { state: 'suspended' }))
    const answer = fetchThrough(gateway.port, 1001)
    await eventually('it waits', () => gateway.wake.waiting === 1)
    if (state === 'deleted') gateway.router.remove(1001)
    else gateway.router.put(routeEntry(1001, [], { state, reason: 'out of memory', revision: 2 }))
    const { status, body } = await answer
    expect(status).toBe(state === 'deleted' ? 410 : 503)
    if (state !== 'deleted') expect(JSON.parse(body).detail).toContain('out of memory')
  })

  it('lets no more wait than the limits say: per environment, and over all', async () => {
    const gateway = await use(startGateway({ limits: { perEnvironment: 2, overall: 3 } }))
    gateway.router.put(routeEntry(1001, [], { state: 'suspended' }))
    gateway.router.put(routeEntry(1002, [], { state: 'suspended' }))
    const clients = []
    for (const id of [1001, 1001]) {
      const client = await openRaw(gateway.port)
      client.write(getRequest(id))
      clients.push(client)
    }
    await eventually('two wait', () => gateway.wake.waiting === 2)
    expect((await fetchThrough(gateway.port, 1001)).status).toBe(503)
    const third = await openRaw(gateway.port)
    third.write(getRequest(1002))
    clients.push(third)
    await eventually('three wait', () => gateway.wake.waiting === 3)
    expect((await fetchThrough(gateway.port, 1002)).status).toBe(503)
    for (const client of clients) client.destroy()
    await eventually('nobody waits', () => gateway.wake.waiting === 0)
  })

  it('forgets who went away while waiting, and stops asking for them', async () => {
    let aborted = false
    const gateway = await use(
      startGateway({
        resume: (_, __, signal) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              aborted = true
              reject(signal.reason)
            })
          }),
      }),
    )
    const upstream = await use(startHttpUpstream((_, res) => res.end('late')))
    gateway.router.put(routeEntry(1001, [], { state: 'suspended' }))
    const client = await openRaw(gateway.port)
    client.write(getRequest(1001))
    await eventually('it waits', () => gateway.wake.waiting === 1)
    client.destroy()
    await eventually('nobody waits', () => gateway.wake.waiting === 0)
    expect(aborted).toBe(true)
    gateway.router.put(routeEntry(1001, [upstream.port], { revision: 2 }))
    expect(upstream.accepted()).toBe(0)
    expect(gateway.ended[0]?.flag).toBe('client_gone')
    expect(gateway.activity.record(1001).open).toBe(0)
  })
})
