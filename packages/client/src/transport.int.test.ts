import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connect, StandinClient } from './connect.ts'
import { StandinError } from './errors.ts'
import { SmallControl } from './fixtures/small-control.ts'

let control: SmallControl
beforeEach(async () => {
  control = await SmallControl.start()
})
afterEach(() => control.close())

const client = (options = {}) => new StandinClient({ url: control.url, token: control.token, ...options })
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it succeeded'),
    (error) => error,
  )

describe('connect', () => {
  it('learns what the server can do', async () => {
    const standin = await connect({ url: `${control.url}/v1/`, token: control.token })
    expect(standin.discovery).toMatchObject({ domain: 'test-envs.localhost', gateway: { port: 8080 } })
  })

  it('refuses a server that is something else', async () => {
    control.intercept = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"name":"grafana"}')
      return true
    }
    expect(await refusal(connect({ url: control.url, token: 'x' }))).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(control.url),
    })
    control.intercept = (_, response) => {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not found</h1>')
      return true
    }
    const before = control.seen.length
    expect(await refusal(connect({ url: control.url, token: 'x' }))).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('404'),
    })
    expect(control.seen.length - before).toBe(1)
  })

  it('refuses an address that is none', async () => {
    expect(await refusal(connect({ url: 'localhost:7077', token: 'x' }))).toMatchObject({ code: 'invalid' })
  })

  it('says what to do where nothing listens', async () => {
    const { url } = control
    await control.close()
    const error = await refusal(connect({ url, token: 'x' }))
    expect(error).toBeInstanceOf(StandinError)
    expect(error).toMatchObject({ code: 'unreachable', hint: expect.stringContaining('standin start') })
    expect(error.message).toContain(url)
    expect(error.message).not.toContain('fetch failed')
    control = await SmallControl.start()
  })
})

describe('a request', () => {
  it('carries the token and becomes the error of the problem document', async () => {
    expect(await refusal(client({ token: 'wrong' }).environments.get(1001))).toMatchObject({ code: 'unauthenticated', status: 401 })
    expect(control.seen).toHaveLength(1)
  })

  it('is made again after a reset, a mutation with the same key', async () => {
    control.intercept = (_, response) => {
      if (control.seen.length > 2) return false
      response.socket?.resetAndDestroy()
      return true
    }
    const environment = await client().environments.create({ template: 'shop' })
    expect(environment.id).toBe(1001)
    const keys = control.seenOf('POST', '/v1/environments').map(({ headers }) => headers['idempotency-key'])
    expect(keys).toHaveLength(3)
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(new Set(keys).size).toBe(1)
    await client().environments.create({ template: 'shop' })
    expect(control.seen.at(-1)?.headers['idempotency-key']).not.toBe(keys[0])
  })

  it('is made again when the answer breaks off in the middle', async () => {
    control.add(1001)
    control.intercept = (_, response) => {
      if (control.seen.length > 1) return false
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 })
      response.write('{"id":10', () => setTimeout(() => response.socket?.resetAndDestroy(), 20))
      return true
    }
    expect((await client().environments.get(1001)).name).toBe('shop-1001')
    expect(control.seen).toHaveLength(2)
  })

  it.each([502, 503, 504])('is made again after %i of something in between, and given up in the end', async (status) => {
    control.intercept = (_, response) => {
      response.writeHead(status).end('bad gateway')
      return true
    }
    expect(await refusal(client().environments.get(1001))).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(String(status)),
    })
    expect(control.seen.length).toBeGreaterThan(2)
    expect(control.seen.length).toBeLessThan(10)
  })

  it('is made again when control is shutting down', async () => {
    control.add(1001)
    control.intercept = (_, response) => {
      if (control.seen.length > 1) return false
      const problem = new StandinError('interrupted', 'control is shutting down').toProblem()
      response.writeHead(problem.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
      return true
    }
    expect((await client().environments.get(1001)).id).toBe(1001)
  })

  it("is not made again after control's own answer, whatever its status", async () => {
    control.intercept = (_, response) => {
      const problem = new StandinError('provider_failed', 'the disk is on fire').toProblem()
      response.writeHead(problem.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
      return true
    }
    expect(await refusal(client().environments.create({ template: 'shop' }))).toMatchObject({
      code: 'provider_failed',
      message: 'the disk is on fire',
    })
    expect(control.seen).toHaveLength(1)
  })

  it('survives a restart of control', async () => {
    control.add(1001)
    const { port } = control
    const standin = client()
    await control.close()
    const answer = standin.environments.get(1001)
    await sleep(60)
    control = await SmallControl.start(port)
    control.add(1001)
    expect((await answer).id).toBe(1001)
  })

  it("ends with the signal's reason", async () => {
    control.intercept = () => true
    const stop = new AbortController()
    const answer = refusal(client().environments.get(1001, { signal: stop.signal }))
    await sleep(30)
    stop.abort(new Error('enough'))
    expect(await answer).toMatchObject({ message: 'enough' })
    expect(await refusal(client({ signal: stop.signal }).environments.get(1001))).toMatchObject({ message: 'enough' })
  })

  it('writes parameters so that they arrive', async () => {
    await refusal(client().templates.get('shop@7'))
    await client().environments.list({ label: ['team=a b', 'x=1'], owner: undefined, stats: true })
    const [template, list] = control.seen
    expect(decodeURIComponent(template?.path ?? '')).toBe('/v1/templates/shop@7')
    expect(list?.query.getAll('label')).toEqual(['team=a b', 'x=1'])
    expect(list?.query.has('owner')).toBe(false)
    expect(list?.query.get('stats')).toBe('true')
  })

  it.each(['', '.', '..'])("goes nowhere else for the name '%s'", async (name) => {
    expect(await refusal(client().environments.get(name))).toMatchObject({ code: 'invalid' })
    expect(await refusal(client().templates.delete(name))).toMatchObject({ code: 'invalid' })
    expect(control.seen).toHaveLength(0)
  })
})

describe('an upload', () => {
  const archive = new TextEncoder().encode('an archive')
  const build = { id: 1, name: 'shop' }
  const accept = (failures: number) => {
    control.intercept = (_, response) => {
      if (control.seen.length <= failures) response.writeHead(503).end()
      else response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify(build))
      return true
    }
  }

  it('streams', async () => {
    accept(0)
    const stream = new Blob([archive]).stream()
    expect(await client().builds.create(stream, { channel: 'stable', name: undefined })).toEqual(build)
    const [seen] = control.seen
    expect(seen).toMatchObject({ body: 'an archive', headers: { 'content-type': 'application/gzip' } })
    expect(seen?.query.toString()).toBe('channel=stable')
  })

  it('is made again only where it can be sent again', async () => {
    accept(1)
    expect(await client().builds.create(archive)).toEqual(build)
    expect(control.seen.map(({ body }) => body)).toEqual(['an archive', 'an archive'])
    control.seen.length = 0
    expect(await refusal(client().builds.create(new Blob([archive]).stream()))).toMatchObject({ code: 'unreachable' })
    expect(control.seen).toHaveLength(1)
  })
})
