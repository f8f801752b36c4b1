import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  behalfHeader,
  type CreatedToken,
  Discovery,
  Environment,
  EnvironmentPage,
  type Problem,
  type Template,
  type TokenPage,
} from '@standin/client'
import Sqlite from 'better-sqlite3'
import type { Static } from 'typebox'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Tokens } from '../container.ts'
import { Booted } from '../fixtures/booted.ts'

let control: Booted
beforeAll(async () => {
  control = await Booted.boot()
  control.bake()
})
afterAll(() => control[Symbol.asyncDispose]())

describe('API: tokens', () => {
  it('keeps them in files for the user alone', () => {
    for (const file of readdirSync(join(control.home, 'secrets')))
      expect(statSync(join(control.home, 'secrets', file)).mode & 0o777).toBe(0o600)
    expect(statSync(join(control.home, 'secrets')).mode & 0o777).toBe(0o700)
  })

  it('refuses what carries none, a wrong one, or one without the scope, and says what is needed', async () => {
    const none = await control.call<Problem>('GET', '/v1/environments', { token: null })
    expect([none.status, none.body.code]).toEqual([401, 'unauthenticated'])
    expect(none.headers.get('content-type')).toContain('application/problem+json')
    expect(none.headers.get('www-authenticate')).toContain('Bearer')
    const forged = control.adminToken.slice(0, -4) + (control.adminToken.endsWith('AAAA') ? 'BBBB' : 'AAAA')
    for (const token of [forged, 'stn_000000000000_x', 'nonsense']) {
      expect((await control.call('GET', '/v1', { token })).status).toBe(401)
    }
    const weak = await control.call<Problem>('POST', '/v1/environments', { token: control.tokenOf('dns'), body: {} })
    expect([weak.status, weak.body.code]).toEqual([403, 'forbidden'])
    expect(weak.body.detail).toContain('write')
    expect(weak.body.hint).toContain('--scope write')
    expect((await control.call('POST', '/v1/activity', { token: control.tokenOf('gateway'), body: { items: [] } })).status).toBe(204)
    expect((await control.call('POST', '/v1/environments/x/resume', { token: control.tokenOf('gateway') })).status).toBe(404)
    expect((await control.call('POST', '/v1/environments/x/suspend', { token: control.tokenOf('gateway') })).status).toBe(403)
    expect((await control.call('GET', '/v1/health', { token: null })).status).toBe(200)
  })

  it('makes, lists and revokes them; the secret is shown once and kept nowhere', async () => {
    const key = { 'idempotency-key': 'token-1' }
    const { status, body } = await control.call<CreatedToken>('POST', '/v1/tokens', {
      body: { name: 'alice', scope: 'read' },
      headers: key,
    })
    expect(status).toBe(201)
    expect((await control.call<Discovery>('GET', '/v1', { token: body.token })).body.scope).toBe('read')
    const list = await control.call<Static<typeof TokenPage>>('GET', '/v1/tokens')
    expect(JSON.stringify(list.body)).not.toContain(body.token.slice(-20))
    for (const file of ['standin.db', 'standin.db-wal']) {
      expect(readFileSync(join(control.home, 'control', file)).includes(body.token.slice(-43))).toBe(false)
    }
    expect((await control.call('DELETE', `/v1/tokens/${body.id}`)).status).toBe(204)
    expect((await control.call('GET', '/v1', { token: body.token })).status).toBe(401)
  })

  it('lets one expire', async () => {
    const create = async (expiresInMs: number) =>
      (await control.call<CreatedToken>('POST', '/v1/tokens', { body: { name: 'bob', scope: 'read', expiresInMs } })).body
    const status = async ({ token }: CreatedToken) => (await control.call('GET', '/v1', { token })).status
    const [brief, long] = [await create(1000), await create(60_000)]
    await new Promise((done) => setTimeout(done, 1100))
    expect([await status(brief), await status(long)]).toEqual([401, 200])
  })

  it('tells for whom something was done, behind who did it', async () => {
    const note = { kind: 'test', message: 'x' }
    const client = control.client.onBehalfOf('user:Zoë')
    expect((await client.events.notify(note)).actor).toBe('token:admin for user:Zoë')
    for (const header of ['', 'nobody', '%', 'user:%0a', 'user:', `user:${'x'.repeat(201)}`]) {
      const headers = { [behalfHeader]: header }
      expect((await control.call<Problem>('POST', '/v1/events', { body: note, headers })).body.code).toBe('invalid')
    }
    // It lets nobody in, and makes nobody mighty.
    const forged = { [behalfHeader]: 'token:admin' }
    expect((await control.call('POST', '/v1/events', { body: note, headers: forged, token: null })).status).toBe(401)
    expect((await control.call('POST', '/v1/events', { body: note, headers: forged, token: control.tokenOf('dns') })).status).toBe(403)
  })

  it('makes a token file again that is missing, at the next start', async () => {
    await using other = await Booted.boot()
    const before = other.adminToken
    rmSync(join(other.home, 'secrets', 'admin.token'))
    await other.stop()
    await other.start()
    expect(other.adminToken).not.toBe(before)
    expect((await other.call('GET', '/v1')).status).toBe(200)
  })
})

describe('API: problems', () => {
  it('names every fault of a request with its path', async () => {
    const body = { name: 'Not A Name', services: [{ name: 'www', endpoints: [] }], surprise: 1 }
    const answer = await control.call<Problem>('POST', '/v1/environments', { body })
    expect(answer.status).toBe(400)
    expect(answer.body.errors?.map((error) => error.path).sort()).toEqual(['/body', '/body/name', '/body/services/0/endpoints'])
  })

  it.each([
    ['GET', '/v1/environments/4711', undefined, 404, 'environment_not_found'],
    ['GET', '/v1/environments/nobody', undefined, 404, 'environment_not_found'],
    ['GET', '/v1/templates/nothing', undefined, 404, 'template_not_found'],
    ['GET', '/v1/templates/shop:stable', undefined, 404, 'channel_not_found'],
    ['POST', '/v1/environments', { template: 'shop@99' }, 404, 'template_not_found'],
    ['POST', '/v1/environments', {}, 400, 'invalid'],
    ['POST', '/v1/environments', { name: '1234', template: 'shop' }, 400, 'invalid'],
    ['GET', '/v1/environments?limit=0', undefined, 400, 'invalid'],
    ['GET', '/v1/environments?cursor=x', undefined, 400, 'invalid'],
    ['GET', '/v1/nothing', undefined, 404, 'route_not_found'],
    ['GET', '/v1/environments/x/exec?arg=ls', undefined, 400, 'invalid'],
    ['DELETE', '/v1/tokens/abc', undefined, 404, 'token_not_found'],
  ])('answers %s %s %o with %i %s', async (method, path, body, status, code) => {
    const answer = await control.call<Problem>(method, path, { body })
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect(answer.body.detail.length).toBeGreaterThan(5)
  })

  it('refuses a body that is too large, and one that is not JSON', async () => {
    const large = await control.call<Problem>('POST', '/v1/environments', { body: { labels: { x: 'y'.repeat(2 << 20) } } })
    expect([large.status, large.body.code]).toEqual([413, 'too_large'])
    const response = await fetch(`${control.api}/v1/environments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${control.adminToken}`, 'content-type': 'application/json' },
      body: '{"name":',
    })
    expect(response.status).toBe(400)
    expect(((await response.json()) as Problem).code).toBe('invalid')
  })
})

describe('API: environments', () => {
  it('answers what its schemas say', async () => {
    const { body: created, status } = await control.call('POST', '/v1/environments', { body: { template: 'shop', labels: { for: 'me' } } })
    expect(status).toBe(201)
    expect(created.name).toBe(`shop-${created.id}`)
    expect(created.labels).toEqual({ team: 'checkout', for: 'me' })
    const running = await control.until(created.id, 'running')
    expect(Value.Errors(Environment, running)).toEqual([])
    expect(running.services[0]).toMatchObject({ name: 'www', url: `http://www-${created.id}.test-envs.localhost:8080/` })
    expect(running.services[0]?.endpoints.map((endpoint) => endpoint.instance)).toEqual(['web-1', 'web-2'])
    expect(running.hosts.map((host) => host.fqdn)).toEqual([
      `db.${created.id}.test-envs.localhost`,
      `web.${created.id}.test-envs.localhost`,
    ])
    const list = await control.call<Static<typeof EnvironmentPage>>('GET', '/v1/environments?stats=true&label=for%3Dme')
    expect(Value.Errors(EnvironmentPage, list.body)).toEqual([])
    expect(list.body.items.map((item) => item.stats?.processes)).toEqual([2])
    expect(Value.Errors(Discovery, (await control.call('GET', '/v1')).body)).toEqual([])
  })

  it('goes through a life', async () => {
    const { body } = await control.call('POST', '/v1/environments', { body: { name: 'life', template: 'shop:latest' } })
    await control.until('life', 'running')
    const suspended = await control.call('POST', '/v1/environments/life/suspend', { body: { reason: 'nobody uses it' } })
    expect([suspended.status, suspended.body.desired]).toEqual([202, 'suspended'])
    expect((await control.until('life', 'suspended')).reason).toMatchObject({ actor: 'token:admin', message: 'nobody uses it' })
    expect((await control.call('POST', '/v1/environments/life/resume', { token: control.tokenOf('gateway') })).status).toBe(202)
    expect((await control.until('life', 'running')).reason.actor).toBe('gateway')
    await control.call('POST', '/v1/environments/life/stop')
    await control.until('life', 'stopped')
    expect((await control.call<Problem>('POST', '/v1/environments/life/suspend')).body.code).toBe('state_conflict')
    expect((await control.call<Problem>('POST', '/v1/environments/life/resume')).body.code).toBe('state_conflict')
    expect((await control.call<Problem>('POST', '/v1/environments/life/undelete')).body.code).toBe('state_conflict')
    expect((await control.call('DELETE', '/v1/environments/life')).status).toBe(202)
    await control.until('life', 'deleted')
    expect((await control.call<Problem>('POST', '/v1/environments/life/start')).body.code).toBe('state_conflict')

    const trash = await control.call<Static<typeof EnvironmentPage>>('GET', '/v1/environments?deleted=true')
    expect(trash.body.items.map((item) => item.name)).toContain('life')
    expect((await control.call<Static<typeof EnvironmentPage>>('GET', '/v1/environments?name=life')).body.items).toEqual([])
    expect((await control.call('POST', '/v1/environments/life/undelete')).body.desired).toBe('stopped')
    await control.until('life', 'stopped')
    await control.call('DELETE', '/v1/environments/life?purge=true')
    const code = async () => (await control.call<Problem>('GET', `/v1/environments/${body.id}`)).body.code
    await expect.poll(code).toBe('environment_deleted')
    expect((await control.call<Problem>('GET', '/v1/environments/life')).status).toBe(404)
  })

  it('frees a name with the delete, and gives it to one at a time', async () => {
    await control.call('POST', '/v1/environments', { body: { name: 'unique', template: 'shop' } })
    const taken = await control.call<Problem>('POST', '/v1/environments', { body: { name: 'unique', template: 'shop' } })
    expect([taken.status, taken.body.code]).toEqual([409, 'name_taken'])
    const { body: first } = await control.call('DELETE', '/v1/environments/unique')
    const { body: second, status } = await control.call('POST', '/v1/environments', { body: { name: 'unique', template: 'shop' } })
    expect(status).toBe(201)
    const back = await control.call<Problem>('POST', `/v1/environments/${first.id}/undelete`)
    expect(back.body.code).toBe('name_taken')
    expect(
      (await control.call('PATCH', `/v1/environments/${second.id}`, { body: { name: 'renamed', labels: { a: 'b' } } })).body,
    ).toMatchObject({
      name: 'renamed',
      labels: { a: 'b' },
    })
    expect((await control.call('POST', `/v1/environments/${first.id}/undelete`)).status).toBe(202)
  })

  it('changes what nobody else changed since it was read, where that is asked for (RFC 9110, section 13.1.1)', async () => {
    const read = await control.client.environments.create({ name: 'guarded', template: 'shop' })
    const { revision } = await control.until(read.id, 'running')
    await read.refresh()
    await read.update({ labels: { owner: 'me' } }, { ifRevision: read.revision })
    const late = control.client.environments.get(read.id).then((again) => again.update({ labels: {} }, { ifRevision: revision }))
    await expect(late).rejects.toMatchObject({ code: 'changed_meanwhile', message: expect.stringContaining(`guarded (${read.id})`) })
    expect((await read.refresh()).labels).toEqual({ owner: 'me' })
    const patch = async (condition: string) => {
      const headers = { 'if-match': condition }
      return (await control.call('PATCH', `/v1/environments/${read.id}`, { body: { labels: { a: condition } }, headers })).status
    }
    expect([await patch('"1", "2"'), await patch('12'), await patch('W/"1"'), await patch('*')]).toEqual([412, 400, 400, 200])
    expect(await patch(`"1", "${(await read.refresh()).revision}"`)).toBe(200)
  })

  it('pages through a list, newest first', async () => {
    const seen: number[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const path: string = `/v1/environments?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`
      const { body } = await control.call<Static<typeof EnvironmentPage>>('GET', path)
      seen.push(...body.items.map((item) => item.id))
      cursor = body.nextCursor
    }
    const all = await control.call<Static<typeof EnvironmentPage>>('GET', '/v1/environments?limit=1000')
    expect(seen).toEqual(all.body.items.map((item) => item.id))
    expect(seen).toEqual([...seen].sort((a, b) => b - a))
  })

  it('keeps a template that is in use', async () => {
    control.bake()
    const { body } = await control.call('POST', '/v1/environments', { body: { name: 'user', template: 'shop' } })
    const version = body.template?.version
    const refused = await control.call<Problem>('DELETE', `/v1/templates/shop@${version}`)
    expect([refused.status, refused.body.code]).toEqual([409, 'template_in_use'])
    expect(refused.body.detail).toContain('user')
    await control.call('DELETE', '/v1/environments/user?purge=true')
    await expect.poll(async () => (await control.call('DELETE', `/v1/templates/shop@${version}`)).status).toBe(204)
    expect(control.world.snapshots.size).toBe(1)
    expect((await control.call<Template>('GET', '/v1/templates/shop')).body).toMatchObject({ ref: 'shop@1', channels: ['latest'] })
    const channel = await control.call('PUT', '/v1/templates/shop/channels/stable', { body: { version: 1 } })
    expect(channel.body).toMatchObject({ ref: 'shop@1' })
    expect((await control.call<Problem>('PUT', '/v1/templates/shop/channels/stable', { body: { version: 9 } })).body.code).toBe(
      'template_not_found',
    )
  })
})

describe('API: activity', () => {
  it('includes a wake by the gateway, whose report of it may never come', async () => {
    control.bake()
    await control.call('POST', '/v1/environments', { body: { template: 'shop', name: 'woken' } })
    await control.until('woken', 'running')
    await control.call('POST', '/v1/environments/woken/suspend')
    await control.until('woken', 'suspended')
    await control.call('POST', '/v1/environments/woken/resume')
    expect((await control.until('woken', 'running')).lastActivity).toBeNull()
    await control.call('POST', '/v1/environments/woken/suspend')
    await control.until('woken', 'suspended')
    await control.call('POST', '/v1/environments/woken/resume', {
      token: control.tokenOf('gateway'),
      body: { reason: 'a request to www-1001.test' },
    })
    await control.call('POST', '/v1/environments/woken/stop')
    expect((await control.until('woken', 'stopped')).lastActivity).toEqual({
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      cause: 'a request to www-1001.test',
    })
  })

  it('keeps when an environment was used last and by what, and never goes back', async () => {
    const { body } = await control.call('POST', '/v1/environments', { body: { name: 'used', template: 'shop' } })
    const report = (at: string, cause: string) =>
      control.call('POST', '/v1/activity', {
        body: {
          items: [
            { environment: body.id, at, cause },
            { environment: 9999, at, cause },
          ],
        },
      })
    expect(body.lastActivity).toBeNull()
    const later = '2030-01-02T03:04:05.678Z'
    expect((await report(later, 'GET www-1001.test')).status).toBe(204)
    await report('2029-01-01T00:00:00.000Z', 'POST www-1001.test')
    expect((await control.call('GET', '/v1/environments/used')).body.lastActivity).toEqual({ at: later, cause: 'GET www-1001.test' })
  })
})

describe('API: events', () => {
  it('refuses to wait after one that has not come yet, and says which are kept', async () => {
    const { last, first } = control.part(Tokens.events)
    for (const watch of ['', '&watch=1']) {
      const { status, body } = await control.call<Problem>('GET', `/v1/events?after=${last + 1000}${watch}`)
      expect([status, body.code]).toEqual([400, 'invalid'])
      expect(body.detail).toContain(`${first} to `)
      expect(body.hint).toContain('/v1/environments')
    }
    const follow = control.client.events.follow({ after: last + 1000 })
    await expect(follow.next()).rejects.toMatchObject({ code: 'invalid' })
    expect((await control.call('GET', `/v1/events?after=${last}`)).status).toBe(200)
  })
})

describe('API: idempotency', () => {
  it('does the same request once, also when it is sent twice at the same time', async () => {
    const request = { body: { template: 'shop' }, headers: { 'idempotency-key': 'up-1' } }
    const answers = await Promise.all([1, 2, 3].map(() => control.call('POST', '/v1/environments', request)))
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1)
    expect(answers.map((answer) => answer.status)).toEqual([201, 201, 201])
    const other = await control.call<Problem>('POST', '/v1/environments', { ...request, body: { template: 'shop', labels: { x: 'y' } } })
    expect([other.status, other.body.code]).toEqual([409, 'idempotency_conflict'])
  })

  it('lets a request that is sent again wait for the first one', async () => {
    await using other = await Booted.boot()
    other.bake()
    const { reached, release } = other.world.hold('deleteSnapshot')
    const again = () => other.call('DELETE', '/v1/templates/shop@1', { headers: { 'idempotency-key': 'delete-1' } })
    const first = again()
    await reached
    const second = again()
    await other.call('GET', '/v1/health')
    release()
    expect([(await first).status, (await second).status]).toEqual([204, 204])
  })

  it('waits for the first one also where its client has gone', async () => {
    await using other = await Booted.boot()
    other.bake()
    const { reached, release } = other.world.hold('deleteSnapshot')
    const headers = { authorization: `Bearer ${other.adminToken}`, 'idempotency-key': 'delete-2' }
    const impatience = new AbortController()
    const first = fetch(`${other.api}/v1/templates/shop@1`, { method: 'DELETE', headers, signal: impatience.signal })
    await reached
    impatience.abort()
    await first.catch(() => {})
    await new Promise((done) => setTimeout(done, 100))
    let answered = false
    const again = fetch(`${other.api}/v1/templates/shop@1`, { method: 'DELETE', headers }).finally(() => {
      answered = true
    })
    await new Promise((done) => setTimeout(done, 200))
    expect(answered).toBe(false)
    release()
    const { status, headers: answer } = await again
    expect([status, answer.get('idempotency-replayed')]).toEqual([204, 'true'])
  })

  it('answers after a restart, also for what was made but not yet answered', async () => {
    await using other = await Booted.boot()
    other.bake()
    const request = { body: { template: 'shop' }, headers: { 'idempotency-key': 'up-2' } }
    const first = await other.call('POST', '/v1/environments', request)
    await other.stop()
    // As if control had died between the commit and the answer.
    const db = new Sqlite(join(other.home, 'control', 'standin.db'))
    expect(db.prepare('update idempotency set status = null, body = null').run().changes).toBe(1)
    db.close()
    await other.start()
    const again = await other.call('POST', '/v1/environments', request)
    expect([again.status, again.body.id]).toEqual([201, first.body.id])
    expect((await other.call<Static<typeof EnvironmentPage>>('GET', '/v1/environments')).body.items.length).toBe(1)
  })

  it('knows aliases and faults again that were made but not yet answered', async () => {
    await using other = await Booted.boot()
    const { id } = (await other.attach('whole', ['127.0.0.1:9000'])).body
    const calls = [
      () => other.call('PUT', '/v1/aliases/demo', { body: { environment: id }, headers: { 'idempotency-key': 'alias-1' } }),
      () =>
        other.call('POST', `/v1/environments/${id}/faults`, {
          body: { service: 'www', kind: 'reset', forMs: 60_000 },
          headers: { 'idempotency-key': 'fault-1' },
        }),
    ]
    const first = await Promise.all(calls.map((call) => call()))
    await other.stop()
    const db = new Sqlite(join(other.home, 'control', 'standin.db'))
    expect(db.prepare('update idempotency set status = null, body = null').run().changes).toBe(2)
    db.close()
    await other.start()
    const again = await Promise.all(calls.map((call) => call()))
    expect(again.map(({ status, body }) => [status, body])).toEqual(first.map(({ status, body }) => [status, body]))
    expect(other.part(Tokens.events).list({ type: 'fault.added' })).toHaveLength(1)
    expect(other.part(Tokens.events).list({ type: 'alias.set' })).toHaveLength(1)
  })

  it('does not keep an answer that is an error', async () => {
    const request = { body: { template: 'later' }, headers: { 'idempotency-key': 'up-3' } }
    expect((await control.call('POST', '/v1/environments', request)).status).toBe(404)
    expect((await control.call('POST', '/v1/environments', request)).status).toBe(404)
  })
})

describe('API: documents', () => {
  it('describes itself by OpenAPI, without a token', async () => {
    const { status, body } = await control.call<{ paths: Record<string, unknown> }>('GET', '/v1/openapi.json', { token: null })
    expect(status).toBe(200)
    expect(Object.keys(body.paths)).toContain('/v1/environments/{ref}/suspend')
  })

  it('has metrics, whose labels are bounded', async () => {
    const response = await fetch(`${control.api}/v1/metrics`, { headers: { authorization: `Bearer ${control.adminToken}` } })
    const text = await response.text()
    expect(text).toMatch(/standin_environments\{state="running"\} \d/)
    expect(text).not.toContain('nobody')
  })
})

describe('API: a disk that is full', () => {
  it('lets read, also with a token that could not be marked as used', async () => {
    await using other = await Booted.boot()
    const { text } = other.part(Tokens.tokens).create({ name: 'new', scope: 'read', expiresAt: null }, 'test')
    const { sqlite } = other.part(Tokens.database)
    sqlite.pragma('query_only = ON')
    const listed = await fetch(`${other.api}/v1/environments`, { headers: { authorization: `Bearer ${text}` } })
    expect(listed.status).toBe(200)
    await new Promise((done) => setImmediate(done))
    sqlite.pragma('query_only = OFF')
  })

  it('is said so, and nothing is done by half', async () => {
    await using other = await Booted.boot()
    other.bake()
    const { sqlite } = other.part(Tokens.database)
    const pages = sqlite.pragma('page_count', { simple: true }) as number
    sqlite.pragma(`max_page_count = ${pages}`)
    const labels = { filler: 'x'.repeat(1000), more: 'y'.repeat(1000) }
    let answer = await other.call<Problem>('POST', '/v1/environments', { body: { template: 'shop', labels, desired: 'stopped' } })
    for (let attempt = 0; attempt < 50 && answer.status === 201; attempt += 1) {
      answer = await other.call<Problem>('POST', '/v1/environments', { body: { template: 'shop', labels, desired: 'stopped' } })
    }
    expect([answer.status, answer.body.code]).toEqual([507, 'disk_full'])
    const made = (await other.call<Static<typeof EnvironmentPage>>('GET', '/v1/environments?limit=1000')).body.items
    const created = (await other.client.events.list({ type: 'environment.created', limit: 1000 })).items
    expect(created.map((event) => event.environment).sort()).toEqual(made.map((item) => item.id).sort())

    sqlite.pragma('max_page_count = 100000')
    expect((await other.call('POST', '/v1/environments', { body: { name: 'room', template: 'shop' } })).status).toBe(201)
    await other.until('room', 'running')
  })
})
