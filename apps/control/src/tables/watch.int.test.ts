import { connect, type Socket } from 'node:net'
import type { RouteEntry, TableDelta, TableMessage, TableSnapshot } from '@standin/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Tokens } from '../container.ts'
import { Booted } from '../fixtures/booted.ts'

let control: Booted
beforeAll(async () => {
  control = await Booted.boot()
  control.bake()
})
afterAll(() => control[Symbol.asyncDispose]())

/** A follower's table, kept up to date until it is closed. */
class Following {
  readonly entries = new Map<number, RouteEntry>()
  readonly deltas: TableDelta<RouteEntry>[] = []
  snapshot: TableSnapshot<RouteEntry> | undefined
  revision = 0
  readonly #stop = new AbortController()
  #changed = Promise.withResolvers<void>()

  constructor(after?: { epoch: string; revision: number }) {
    void this.#follow(after).catch(() => {})
  }

  async until(there: (following: this) => boolean): Promise<void> {
    while (!there(this)) {
      this.#changed = Promise.withResolvers<void>()
      await this.#changed.promise
    }
  }

  close(): void {
    this.#stop.abort()
  }

  async #follow(after?: { epoch: string; revision: number }): Promise<void> {
    const watch = control.client.tables.watch('routes', { signal: this.#stop.signal, ...(after === undefined ? {} : { after }) })
    for await (const message of watch) {
      this.#apply(message)
      this.#changed.resolve()
    }
  }

  #apply(message: TableMessage<RouteEntry>): void {
    if (message.type === 'snapshot') {
      this.snapshot = message.snapshot
      this.revision = message.snapshot.revision
      for (const entry of message.snapshot.items) this.entries.set(entry.environment, entry)
    } else if (message.type === 'delta') {
      const { put, remove, revision } = message.delta
      expect(revision).toBeGreaterThan(this.revision)
      this.revision = revision
      this.deltas.push(message.delta)
      if (put !== null) this.entries.set(put.environment, put)
      if (remove !== null) this.entries.delete(remove)
    }
  }
}

describe('watching routes', () => {
  it('starts with what is, then tells each change as it is committed', async () => {
    const { body: first } = await control.attach('first', ['127.0.0.1:9000'])
    const following = new Following()
    await following.until(({ snapshot }) => snapshot !== undefined)
    expect(following.snapshot).toMatchObject({ domain: 'test-envs.localhost', gateway: ['127.0.0.1'], nextId: first.id + 1 })
    expect(following.entries.get(first.id)?.routes).toEqual([
      { host: `www-${first.id}.test-envs.localhost`, service: 'www', endpoints: first.services[0]?.endpoints },
    ])
    const { body: second } = await control.attach('second', ['127.0.0.1:9001'])
    await following.until(({ entries }) => entries.get(second.id)?.state === 'running')
    await control.call('DELETE', '/v1/environments/second')
    await following.until(({ entries }) => !entries.has(second.id))
    expect(following.deltas.at(-1)).toMatchObject({ put: null, remove: second.id })
    following.close()
  })

  it('gives a follower that comes back what it missed, and nothing else', async () => {
    const kept = (await control.attach('kept', ['127.0.0.1:9002'])).body
    const changed = (await control.attach('changed', ['127.0.0.1:9003'])).body
    const gone = (await control.attach('gone', ['127.0.0.1:9004'])).body
    const before = new Following()
    await before.until(({ snapshot }) => snapshot !== undefined)
    before.close()
    const { epoch, revision } = before.snapshot as TableSnapshot<RouteEntry>

    await control.attach('changed', ['127.0.0.1:9005'])
    await control.call('DELETE', '/v1/environments/gone?purge=true')
    await control.stop()
    await control.start()

    const after = new Following({ epoch, revision })
    await after.until(({ entries, deltas }) => entries.has(changed.id) && deltas.some((delta) => delta.remove === gone.id))
    expect(after.snapshot).toBeUndefined()
    expect(after.entries.get(changed.id)?.routes[0]?.endpoints[0]?.port).toBe(9005)
    expect(after.entries.has(kept.id)).toBe(false)
    after.close()
  })

  it.each([
    { epoch: 'another', revision: 1 },
    { epoch: 'ours', revision: 999_999_999 },
  ])('gives a snapshot to who comes from another store or from the future: %o', async ({ epoch, revision }) => {
    const known = epoch === 'ours' ? control.part(Tokens.database).epoch : epoch
    const following = new Following({ epoch: known, revision })
    await following.until(({ snapshot }) => snapshot !== undefined)
    following.close()
  })

  it('keeps the endpoints of what is suspended, and takes those of what is stopped', async () => {
    const { body } = await control.call('POST', '/v1/environments', { body: { template: 'shop', name: 'pooled' } })
    const following = new Following()
    const endpoints = () => following.entries.get(body.id)?.routes[0]?.endpoints.length
    const state = () => following.entries.get(body.id)?.state
    await following.until(() => state() === 'running')
    expect(endpoints()).toBe(2)
    await control.call('POST', '/v1/environments/pooled/suspend')
    await following.until(() => state() === 'suspended')
    expect(endpoints()).toBe(2)
    await control.call('POST', '/v1/environments/pooled/stop')
    await following.until(() => state() === 'stopped')
    expect(endpoints()).toBe(0)
    following.close()
  })

  it('tells how far the hosts are while it is not running, and nothing of them while it is', async () => {
    const { body } = await control.call('POST', '/v1/environments', { body: { template: 'shop', name: 'progress' } })
    const following = new Following()
    const hosts = () => following.entries.get(body.id)?.hosts
    const state = () => following.entries.get(body.id)?.state
    await following.until(() => state() === 'running')
    expect(hosts()).toBeUndefined()
    await control.call('POST', '/v1/environments/progress/suspend')
    await following.until(() => state() === 'suspended')
    expect(hosts()).toEqual([
      { name: 'db', ready: 0, wanted: 1 },
      { name: 'web', ready: 0, wanted: 2 },
    ])
    following.deltas.splice(0)
    await control.call('POST', '/v1/environments/progress/resume')
    await following.until(() => state() === 'running')
    expect(hosts()).toBeUndefined()
    expect(following.deltas.filter(({ put }) => put?.state === 'running')).toHaveLength(1)
    following.close()
  })

  it('does not tell the gateway of a change that is none to it', async () => {
    const { body } = await control.attach('labelled', ['127.0.0.1:9010'])
    const following = new Following()
    await following.until(({ snapshot }) => snapshot !== undefined)
    await control.call('PATCH', '/v1/environments/labelled', { body: { labels: { a: 'b' } } })
    await control.call('PATCH', '/v1/environments/labelled', { body: { name: 'relabelled' } })
    await following.until(({ entries }) => entries.get(body.id)?.name === 'relabelled')
    expect(following.deltas.length).toBe(1)
    following.close()
  })
})

describe('a reader that does not read', { timeout: 300_000 }, () => {
  /** Asks for a stream and reads nothing until told to. */
  function stalledReader(path: string): Socket {
    const { hostname, port } = new URL(control.api)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: control\r\naccept: text/event-stream\r\nauthorization: Bearer ${control.adminToken}\r\n\r\n`,
    )
    socket.pause()
    return socket
  }

  it('costs no memory, and is told how things are when it reads again', async () => {
    const ids: number[] = []
    for (let index = 0; index < 20; index += 1) ids.push((await control.attach(`busy-${index}`, ['127.0.0.1:9100'])).body.id)
    const environments = control.part(Tokens.environments)
    const socket = stalledReader('/v1/routes?watch=1')
    await expect.poll(() => control.part(Tokens.feeds).routes.watchers).toBe(1)
    const rounds = 30
    for (let round = 1; round <= rounds; round += 1) {
      for (const id of ids) {
        const endpoints = Array.from({ length: 200 }, (_, index) => ({
          address: `127.0.1.${index}`,
          port: 9100,
          generation: round,
          instance: 'www-1',
        }))
        const source = { kind: 'attachment' as const, services: [{ name: 'www', endpoints }] }
        environments.reattach(id, { source, instances: environments.require(id).instances, expiresAt: null }, 'token:test')
      }
      await new Promise((done) => setImmediate(done))
    }
    let received = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk) => {
      received += chunk
    })
    socket.resume()
    const newest = () =>
      [...received.matchAll(/^data: (\{"revision":\d+,"put":\{"environment":(\d+).*)$/gm)]
        .filter(([, data]) => data?.includes(`"generation":${rounds},`))
        .map(([, , id]) => Number(id))
    await expect.poll(() => newest().sort(), { timeout: 200_000 }).toEqual(ids)
    const deltas = received.split('event: delta').length - 1
    // What piled up is one state of each, not every step; the kernel's buffers hold some.
    expect(deltas).toBeLessThan(ids.length * rounds)
    socket.destroy()
    await expect.poll(() => control.part(Tokens.feeds).routes.watchers).toBe(0)
  })

  it('gets every event, in order, when it reads again', async () => {
    const events = control.part(Tokens.events)
    const from = events.last
    const socket = stalledReader(`/v1/events?after=${from}`)
    const filler = 'x'.repeat(20_000)
    for (let count = 0; count < 600; count += 1) {
      events.append({ type: 'environment.progress', actor: 'token:test', data: { step: `${count}`, filler } })
      if (count % 50 === 0) await new Promise((done) => setImmediate(done))
    }
    let received = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk) => {
      received += chunk
    })
    socket.resume()
    const seen = () => [...received.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]))
    await expect.poll(() => seen().length, { timeout: 200_000 }).toBe(600)
    expect(seen()).toEqual(Array.from({ length: 600 }, (_, index) => from + index + 1))
    socket.destroy()
  })
})

describe('watching events', () => {
  it('goes on after the last one that was seen', async () => {
    const stop = new AbortController()
    const from = control.part(Tokens.events).last
    await control.attach('followed', ['127.0.0.1:9200'])
    const types: string[] = []
    for await (const event of control.client.events.follow({ after: from, signal: stop.signal })) {
      types.push(event.type === 'environment.state' ? `${event.type} ${event.state}` : event.type)
      if (event.type === 'environment.state' && event.state === 'running')
        void control.call('DELETE', '/v1/environments/followed?purge=true')
      if (event.type === 'environment.purged') stop.abort()
    }
    expect(types).toEqual([
      'environment.created',
      'environment.state running',
      'environment.desired',
      'environment.state deleting',
      'environment.state deleted',
      'environment.purged',
    ])
  })
})
