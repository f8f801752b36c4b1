import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StandinClient } from './connect.ts'
import { SmallControl } from './fixtures/small-control.ts'
import type { Event } from './schemas/events.ts'

let control: SmallControl
let standin: StandinClient
beforeEach(async () => {
  control = await SmallControl.start()
  standin = new StandinClient({ url: control.url, token: control.token })
})
afterEach(() => control.close())

/** Once the wait follows events. */
const following = async () => {
  while (control.openStreams === 0) await sleep(5)
}

describe('an environment', () => {
  it('shows its fields and nothing else', async () => {
    const data = control.add(1001)
    const environment = await standin.environments.get('shop-1001')
    expect(JSON.parse(JSON.stringify(environment))).toEqual(data)
    expect({ ...environment }).toEqual(data)
    expect(environment.isRunning()).toBe(true)
    expect(environment.isChanging()).toBe(false)
  })

  it('is acted upon by its id, with a reason', async () => {
    control.add(1001)
    const environment = await standin.environments.get('shop-1001')
    expect((await environment.suspend({ reason: 'idle' })).desired).toBe('suspended')
    expect((await environment.resume()).desired).toBe('running')
    await environment.update({ labels: { team: 'a' } })
    expect(environment.labels).toEqual({ team: 'a' })
    expect((await environment.delete({ purge: true, reason: 'done' })).desired).toBe('deleted')
    const calls = control.seen.slice(1).map(({ method, path, query, body }) => `${method} ${path}?${query} ${body}`)
    expect(calls).toEqual([
      'POST /v1/environments/1001/suspend? {"reason":"idle"}',
      'POST /v1/environments/1001/resume? {}',
      'PATCH /v1/environments/1001? {"labels":{"team":"a"}}',
      'DELETE /v1/environments/1001?purge=true&reason=done ',
    ])
  })

  it('is listed page by page', async () => {
    for (const id of [1001, 1002, 1003, 1004, 1005]) control.add(id)
    const ids: number[] = []
    for await (const environment of standin.environments.iterate({ owner: 'alice' })) ids.push(environment.id)
    expect(ids).toEqual([1001, 1002, 1003, 1004, 1005])
    expect(control.seen).toHaveLength(3)
    expect(control.seen.every(({ query }) => query.get('owner') === 'alice')).toBe(true)
  })

  it('is attached', async () => {
    await standin.environments.attach({ name: 'legacy', services: [{ name: 'www', endpoints: ['127.0.0.1:9000'] }], ttlMs: 1000 })
    expect(JSON.parse(control.seen[0]?.body ?? '')).toEqual({
      name: 'legacy',
      provider: 'attach',
      services: [{ name: 'www', endpoints: ['127.0.0.1:9000'] }],
      ttlMs: 1000,
    })
  })

  it('has logs, stats and an address to run commands at', async () => {
    control.add(1001)
    const environment = await standin.environments.get(1001)
    const lines: string[] = []
    for await (const { line } of environment.logs({ tail: 2 })) lines.push(line)
    expect(lines).toEqual(['grüezi', 'second'])
    expect((await environment.readStats()).cpu).toBe(0.25)
    const address = environment.execUrl({ host: 'web', arg: ['ls', '-l /'] })
    expect(address.href).toBe(`ws://127.0.0.1:${control.port}/v1/environments/1001/exec?host=web&arg=ls&arg=-l+%2F`)
  })
})

describe('waitUntil', () => {
  it('returns at once for what is so already', async () => {
    control.add(1001)
    const environment = await standin.environments.get(1001)
    expect(await environment.waitUntil('running')).toBe(environment)
    expect(control.seenOf('GET', '/v1/events')).toHaveLength(0)
  })

  it('follows events and shows them', async () => {
    control.add(1001, { state: 'starting' })
    const environment = await standin.environments.get(1001)
    const seen: Event[] = []
    const arrival = environment.waitUntil('running', { onEvent: (event) => seen.push(event) })
    await following()
    control.append('environment.progress', 1001, { step: 'start', host: 'db', status: 'done' })
    control.become(1001, 'running')
    expect(await arrival).toMatchObject({ state: 'running', reason: { message: 'now running' } })
    expect(seen.map(({ type }) => type)).toEqual(['environment.progress', 'environment.state'])
    while (control.openStreams > 0) await sleep(5)
  })

  it('shows what happened since the environment was last looked at', async () => {
    control.add(1001, { state: 'starting' })
    const environment = await standin.environments.get(1001)
    control.append('environment.progress', 1001, { step: 'clone' })
    control.append('environment.changed', 1001, { fields: ['instances'] })
    const seen: string[] = []
    const arrival = environment.waitUntil('running', { onEvent: ({ type }) => seen.push(type) })
    await following()
    control.become(1001, 'running')
    await arrival
    expect(seen).toEqual(['environment.progress', 'environment.changed', 'environment.state'])
  })

  it('misses nothing that happens between looking and following', async () => {
    control.add(1001, { state: 'starting' })
    const environment = await standin.environments.get(1001)
    let passed = false
    control.intercept = ({ path, method }, response) => {
      if (passed || method !== 'GET' || path !== '/v1/environments/1001') return false
      passed = true
      // The answer is the state before; then all is over before anybody can follow.
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(control.environments.get(1001)))
      control.become(1001, 'running')
      control.want(1001, 'suspended')
      control.become(1001, 'suspending')
      control.become(1001, 'suspended')
      return true
    }
    await environment.waitUntil('running', { timeout: 5_000 })
    expect(environment.state).toBe('suspended')
  })

  it('looks again after a restart of control', async () => {
    const { port } = control
    control.add(1001, { state: 'starting' })
    const environment = await standin.environments.get(1001)
    const arrival = environment.waitUntil('running', { timeout: 10_000 })
    await following()
    await control.close()
    await sleep(100)
    control = await SmallControl.start(port)
    // Its log begins anew: only looking can tell.
    control.add(1001, { state: 'running' })
    expect((await arrival).state).toBe('running')
  })

  it('ends at once when it fails, with the reason and its code', async () => {
    control.add(1001, { state: 'starting' })
    const environment = await standin.environments.get(1001)
    const arrival = environment.waitUntil('running')
    await following()
    control.become(1001, 'failed', 'health check of db-1 never passed', 'health_timeout')
    await expect(arrival).rejects.toMatchObject({
      code: 'state_unreachable',
      message: 'environment shop-1001 (1001) will not be running: it failed: health check of db-1 never passed',
      cause: { code: 'health_timeout' },
    })
    expect(environment.isFailed()).toBe(true)
    await expect(environment.waitUntil('running')).rejects.toMatchObject({ code: 'state_unreachable' })
    await environment.waitUntil('failed')
  })

  it('ends at once when somebody wants something else', async () => {
    control.add(1001, { state: 'starting' })
    const environment = await standin.environments.get(1001)
    const arrival = environment.waitUntil('running')
    await following()
    control.want(1001, 'suspended', 'plugin:suspend', 'idle for 15 min')
    await expect(arrival).rejects.toMatchObject({
      code: 'state_unreachable',
      message: expect.stringContaining('it is wanted suspended now (plugin:suspend: idle for 15 min)'),
    })
    // Also where that happened since the object was last looked at.
    const stale = await standin.environments.get(1001)
    control.want(1001, 'stopped')
    await expect(stale.waitUntil('suspended')).rejects.toMatchObject({ code: 'state_unreachable' })
  })

  it('waits for what somebody else may yet want', async () => {
    control.add(1001)
    const environment = await standin.environments.get(1001)
    const arrival = environment.waitUntil(['suspended', 'stopped'])
    await following()
    control.append('environment.changed', 1001, {})
    control.want(1001, 'suspended')
    control.become(1001, 'suspending')
    control.become(1001, 'suspended')
    expect((await arrival).state).toBe('suspended')
  })

  it('ends at once when it is deleted, unless that was waited for', async () => {
    control.add(1001, { state: 'starting' })
    const environment = await standin.environments.get(1001)
    const again = await standin.environments.get(1001)
    const arrival = environment.waitUntil('running')
    const departure = again.waitUntil('deleted')
    await following()
    control.want(1001, 'deleted', 'token:bob', 'no longer needed')
    await expect(arrival).rejects.toMatchObject({
      code: 'state_unreachable',
      message: expect.stringContaining('token:bob: no longer needed'),
    })
    control.purge(1001)
    expect((await departure).isDeleted()).toBe(true)
    await expect(environment.waitUntil('running')).rejects.toMatchObject({
      code: 'state_unreachable',
      message: expect.stringContaining('deleted'),
    })
  })

  it('times out, saying where it stands', async () => {
    control.add(1001, { state: 'starting', reason: { actor: 'reconciler', code: null, message: 'waiting for db', at: '' } })
    const environment = await standin.environments.get(1001)
    await expect(environment.waitUntil('running', { timeout: 50 })).rejects.toMatchObject({
      code: 'timeout',
      message: 'environment shop-1001 (1001) is still starting after 50 ms (waiting for db)',
    })
    while (control.openStreams > 0) await sleep(5)
  })

  it("ends with the signal's reason", async () => {
    control.add(1001, { state: 'starting' })
    const environment = await standin.environments.get(1001)
    const stop = new AbortController()
    const arrival = environment.waitUntil('running', { signal: stop.signal })
    await following()
    stop.abort(new Error('enough'))
    await expect(arrival).rejects.toThrow('enough')
  })

  it('lets the fault of a listener through', async () => {
    control.add(1001, { state: 'starting' })
    const environment = await standin.environments.get(1001)
    const onEvent = () => {
      throw new TypeError('a fault of the caller')
    }
    const arrival = environment.waitUntil('running', { onEvent })
    arrival.catch(() => undefined)
    await following()
    control.append('environment.changed', 1001, {})
    await expect(arrival).rejects.toThrow('a fault of the caller')
  })
})

describe('waitWhile', () => {
  it('returns when it is in none of the states', async () => {
    control.add(1001)
    const environment = await (await standin.environments.get(1001)).suspend()
    const change = environment.waitWhile(['running', 'suspending'])
    await following()
    control.become(1001, 'suspending')
    control.become(1001, 'suspended')
    expect((await change).isSuspended()).toBe(true)
  })

  it('tells a failure from an arrival', async () => {
    control.add(1001, { state: 'starting' })
    const environment = await standin.environments.get(1001)
    const change = environment.waitWhile('starting')
    await following()
    control.become(1001, 'failed', 'web-1 exited with 1', 'host_failed')
    await expect(change).rejects.toMatchObject({ code: 'state_unreachable', message: expect.stringContaining('web-1 exited with 1') })
  })
})
