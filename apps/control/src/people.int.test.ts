import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import type { Environment, Event, RoleBinding, User } from '@standin/client'
import { StandinClient } from '@standin/client/connect'
import { shopStack } from '@standin/testing'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { endForbiddenStreams } from './api/end-forbidden-streams.ts'
import { Tokens } from './container.ts'
import { Company, type Person } from './fixtures/company.ts'

let company: Company
beforeAll(async () => {
  company = await Company.found()
}, 60_000)
afterAll(() => company[Symbol.asyncDispose]())

const client = () => company.control.client
const as = (person: Person) => new StandinClient({ url: company.control.api, token: company.token(person) })
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (error: { code: string }) => error.code,
  )

describe('tokens without a user', () => {
  it('do what their scope lets them do, as ever', async () => {
    const { client: admin } = company.control
    const { token } = await admin.tokens.create({ name: 'machine', scope: 'write' })
    const machine = new StandinClient({ url: company.control.api, token })
    const id = await company.environment('shop')
    expect((await machine.environments.get(id)).ownerId).toBeNull()
    const mine = await machine.environments.attach({ name: 'by-machine', services: [{ name: 'www', endpoints: ['127.0.0.1:9100'] }] })
    expect([mine.owner, mine.ownerId]).toEqual(['machine', null])
    await mine.delete({ purge: true })
    expect((await machine.discover()).user).toBeUndefined()
  })

  it('need the scope admin to give roles: who may write may not make others mighty', async () => {
    const { token } = await client().tokens.create({ name: 'writer', scope: 'write' })
    const writer = new StandinClient({ url: company.control.api, token })
    expect(await code(writer.roles.grant({ project: 'shop', role: 'viewer', user: 'nobody' }))).toBe('forbidden')
  })
})

describe('what a user sees', () => {
  it('fills pages with it, whatever lies between', async () => {
    const seen: number[] = []
    for (let count = 0; count < 12; count += 1) {
      const id = await company.environment(count % 3 === 0 ? 'paging' : count % 3 === 1 ? 'other' : null)
      if (count % 3 === 0) seen.unshift(id)
    }
    const guest = await company.user('pager')
    await company.role('paging', 'viewer', guest.id)
    const { token } = await client().tokens.create({ name: 'pager', scope: 'read', user: 'pager' })
    const pager = new StandinClient({ url: company.control.api, token })
    const first = await pager.environments.list({ limit: 3 })
    expect(first.items.map(({ id }) => id)).toEqual(seen.slice(0, 3))
    const second = await pager.environments.list({ limit: 3, cursor: first.nextCursor ?? '' })
    expect([second.items.map(({ id }) => id), second.nextCursor]).toEqual([seen.slice(3), null])
  })

  it('is what is theirs where it is in no project, and not that of others', async () => {
    const [theirs, others] = [await company.environment(null, 'viewer'), await company.environment(null, 'nobody')]
    const ids = (await as('viewer').environments.list({ limit: 1000 })).items.map(({ id }) => id)
    expect([ids.includes(theirs), ids.includes(others)]).toEqual([true, false])
    expect(await code(as('viewer').environments.get(others))).toBe('environment_not_found')
    // One's own is one's own, whatever the role elsewhere.
    expect(
      await code(
        as('viewer')
          .environments.get(theirs)
          .then((each) => each.delete()),
      ),
    ).toBe('ok')
  })

  it('leaves nothing to tell what is hidden from what is not there', async () => {
    const { name } = await client().environments.get(await company.environment('bank'))
    const [hidden, absent] = await Promise.all([name, 'env-absent'].map((ref) => company.call('editor', 'GET', `/v1/environments/${ref}`)))
    expect(JSON.stringify(hidden?.body).replaceAll(name, 'X')).toBe(JSON.stringify(absent?.body).replaceAll('env-absent', 'X'))
    const taken = await company.call('editor', 'POST', '/v1/environments', { name, template: 'common', labels: { project: 'shop' } })
    expect([taken.status, taken.body.detail]).toEqual([409, `the name ${name} is taken`])
    const attached = { name, provider: 'attach', services: [{ name: 'www', endpoints: ['127.0.0.1:9101'] }], labels: { project: 'shop' } }
    expect((await company.call('editor', 'POST', '/v1/environments', attached)).status).toBe(409)
    const template = await company.call('outsider', 'POST', '/v1/environments', { template: 'shop-base' })
    expect([template.status, JSON.stringify(template.body).includes('common')]).toEqual([404, false])
    const refusals = ['shop-base', 'shop-base@1', 'shop-base:none', 'none', 'common:none'].map((ref) =>
      code(as('outsider').templates.get(ref)),
    )
    const missing = 'template_not_found'
    expect(await Promise.all(refusals)).toEqual([missing, missing, missing, missing, 'channel_not_found'])
  })

  it('is in the lists of everything else, too', async () => {
    const mine = await company.environment('shop')
    const other = await company.environment('bank')
    for (const environment of [mine, other]) {
      await client().aliases.set(`seen-${environment}-x`, { environment })
      await client().faults.create(environment, { service: 'www', kind: 'reset', forMs: 60_000 })
    }
    company.bake('bank-base', 'bank')
    const viewer = as('viewer')
    const about = async (list: Promise<{ items: readonly unknown[] }>) => JSON.stringify((await list).items)
    expect(await about(viewer.aliases.list())).toContain(`seen-${mine}-x`)
    expect(await about(viewer.aliases.list())).not.toContain(`seen-${other}-x`)
    expect(await code(viewer.aliases.get(`seen-${other}-x`))).toBe('alias_not_found')
    const faults = (await viewer.faults.listAll()).items.length
    expect([faults > 0, faults < (await client().faults.listAll()).items.length]).toEqual([true, true])
    expect((await viewer.templates.list()).items.map(({ name }) => name)).not.toContain('bank-base')
    expect((await viewer.templates.list()).items.map(({ name }) => name)).toEqual(expect.arrayContaining(['shop-base', 'common']))
    expect(await about(viewer.builds.list())).not.toContain('bank-base')
    expect((await viewer.users.list()).items.map(({ userName }) => userName)).toEqual(['viewer'])
    expect((await viewer.roles.list({ limit: 1000 })).items.every(({ project }) => project === 'shop')).toBe(true)
  })

  it('is what the events tell of, also while they are watched', async () => {
    const { last } = await client().events.list()
    const stop = new AbortController()
    const watched: Event[] = []
    const watching = (async () => {
      for await (const event of as('viewer').events.follow({ after: last, signal: stop.signal })) watched.push(event)
    })()
    const [mine, other] = [await company.environment('shop'), await company.environment('bank')]
    company.bake('shop-base', 'shop')
    company.bake('bank-base', 'bank')
    const end = await company.environment('shop')
    const ends = (events: readonly Event[]) => events.some(({ environment, type }) => environment === end && type === 'environment.state')
    await expect.poll(() => ends(watched)).toBe(true)
    stop.abort()
    await watching
    const { items } = await as('viewer').events.list({ after: last, limit: 1000 })
    const known = (events: readonly Event[]) => [
      ...new Set(events.map(({ environment, build, data }) => environment ?? build ?? data.ref ?? data.template)),
    ]
    expect(known(watched)).toEqual(known(items))
    expect(known(items)).toContain(mine)
    expect(known(items)).not.toContain(other)
    expect(JSON.stringify(items)).not.toContain('bank-base')
    const paged: number[] = []
    for (let after: number | undefined = last; after !== undefined; ) {
      const page: Awaited<ReturnType<StandinClient['events']['list']>> = await as('viewer').events.list({ after, limit: 2 })
      paged.push(...page.items.map(({ seq }) => seq))
      after = page.nextCursor === null ? undefined : Number(page.nextCursor)
    }
    expect(paged).toEqual(items.map(({ seq }) => seq))
  })
})

describe('what a user may change', () => {
  it('is, for a participant, that it is kept awake, and no other label', async () => {
    const { labels, update } = await as('participant')
      .environments.get(await company.environment('shop'))
      .then((each) => ({
        labels: each.labels,
        update: (more: Record<string, string>) => code(each.update({ labels: { ...each.labels, ...more } })),
      }))
    expect(labels).toEqual({ project: 'shop' })
    expect(await update({ 'suspend.pin': 'demo' })).toBe('ok')
    expect(await update({ 'suspend.awake-until': '2026-12-01T00:00:00Z' })).toBe('ok')
    expect(await update({ 'suspend.delete-at': '2026-12-01' })).toBe('forbidden')
    expect(await update({ project: 'bank' })).toBe('forbidden')
  })

  it('goes to another project where they are editor in both', async () => {
    const id = await company.environment('shop')
    const move = async (person: Person, project: string) =>
      code(
        as(person)
          .environments.get(id)
          .then((each) => each.update({ labels: { ...each.labels, project } })),
      )
    expect(await move('editor', 'bank')).toBe('forbidden')
    expect(await move('outsider', 'bank')).toBe('environment_not_found')
    await company.role('bank', 'editor', 'manager')
    expect(await move('manager', 'bank')).toBe('ok')
    expect(await move('editor', 'shop')).toBe('environment_not_found')
    expect(await move('manager', '')).toBe('forbidden')
    expect(await move('manager', 'shop')).toBe('ok')
  })

  it('needs only what they may use: it is woken with it', async () => {
    const [mine, seen, hidden] = [await company.environment('shop'), await company.environment('till'), await company.environment('bank')]
    await company.role('till', 'viewer', 'editor')
    const need = (...refs: unknown[]) => ({ project: 'shop', 'suspend.needs': refs.join(' ') })
    const each = await as('editor').environments.get(mine)
    expect(await code(each.update({ labels: need('not-there-yet', seen) }))).toBe('forbidden')
    expect(await code(each.update({ labels: need(hidden) }))).toBe('environment_not_found')
    expect(await code(as('editor').environments.create({ template: 'common', labels: need(hidden) }))).toBe('environment_not_found')
    const services = [{ name: 'www', endpoints: ['127.0.0.1:9100'] }]
    expect(await code(as('editor').environments.create({ provider: 'attach', name: 'needy', services, labels: need(seen) }))).toBe(
      'forbidden',
    )
    const { name } = each
    expect(await code(as('editor').environments.create({ provider: 'attach', name, services, labels: need(seen) }))).toBe('forbidden')
    await client()
      .environments.get(mine)
      .then((own) => own.update({ labels: need(hidden) }))
    const other = await company.environment('shop')
    expect(await code(each.update({ labels: { ...need(hidden, other), team: 'x' } }))).toBe('ok')
  })

  it('is made in a project that they may create in, from a template that they may clone', async () => {
    const create = (person: Person, template: string, labels: Record<string, string>) =>
      code(as(person).environments.plan({ template, labels }))
    expect(await create('editor', 'shop-base', {})).toBe('ok')
    expect(await create('participant', 'shop-base', {})).toBe('forbidden')
    // What is in the template is its project's, wherever the clone is to be.
    expect(await create('participant', 'shop-base', { project: 'bank' })).toBe('forbidden')
    expect(await create('editor', 'shop-base', { project: 'bank' })).toBe('forbidden')
    expect(await create('editor', 'common', { project: 'bank' })).toBe('forbidden')
    expect(await create('editor', 'common', {})).toBe('ok')
    expect(await create('viewer', 'common', {})).toBe('forbidden')
    expect(await create('nobody', 'common', {})).toBe('forbidden')
    const own = await as('editor').environments.create({ template: 'common', name: 'editors-own' })
    expect([own.owner, own.ownerId]).toEqual(['editor', company.users.get('editor')?.id])
  })

  it('is no name of others: aliases, attachments, templates', async () => {
    const [mine, other] = [await company.environment('shop'), await company.environment('bank')]
    await client().aliases.set('of-the-bank', { environment: other })
    expect(await code(as('editor').aliases.set('of-the-bank', { environment: mine }))).toBe('forbidden')
    expect(await code(as('manager').aliases.set('outside.example', { environment: mine }))).toBe('forbidden')
    expect(await code(as('boss').aliases.set('outside.example', { environment: mine }))).toBe('ok')
    const authority = company.control.part(Tokens.authority)
    const access = (person: Person) => company.control.part(Tokens.accesses).of(company.users.get(person)?.id ?? '')
    expect(() => authority.build('new-one', 'shop', access('editor'))).not.toThrow()
    expect(() => authority.build('shop-base', 'shop', access('editor'))).not.toThrow()
    expect(() => authority.build('new-one', 'shop', access('participant'))).toThrow(/needs the role editor in the project shop/)
    expect(() => authority.build('new-one', null, access('editor'))).toThrow(/manager everywhere/)
    expect(() => authority.build('shop-base', 'bank', access('outsider'))).toThrow('the name shop-base belongs to a template of others')
    expect(() => authority.build('common', 'shop', access('editor'))).toThrow(/building a version of common/)
  })
})

describe('roles', () => {
  it('are not for oneself to raise, nor for managers to give elsewhere', async () => {
    const bindings = (await client().roles.list({ user: 'editor' })).items
    const own = bindings.find(({ user }) => user?.userName === 'editor') as RoleBinding
    expect(await code(as('editor').roles.update(own.id, 'manager'))).toBe('forbidden')
    expect(await code(as('editor').roles.grant({ project: 'shop', role: 'manager', user: 'editor' }))).toBe('forbidden')
    expect(await code(as('manager').roles.grant({ project: 'bank', role: 'manager', user: 'manager' }))).toBe('forbidden')
    expect(await code(as('manager').roles.grant({ project: null, role: 'viewer', user: 'manager' }))).toBe('forbidden')
    expect(await code(as('manager').tokens.create({ name: 'up', scope: 'admin' }))).toBe('forbidden')
  })

  it('hold from the next request on, and are one for each project', async () => {
    const id = await company.environment('rolling')
    const guest = await company.user()
    const { token } = await client().tokens.create({ name: 'guest', scope: 'write', user: guest.id })
    const theirs = new StandinClient({ url: company.control.api, token })
    const stop = () => code(theirs.environments.act(id, 'stop'))
    expect(await stop()).toBe('environment_not_found')
    const binding = await company.role('rolling', 'viewer', guest.id)
    expect(await stop()).toBe('forbidden')
    const raised = await client().roles.grant({ project: 'rolling', role: 'participant', user: guest.userName.toUpperCase() })
    expect([raised.id, raised.role]).toEqual([binding.id, 'participant'])
    expect(await stop()).toBe('ok')
    expect(await code(client().roles.update(binding.id, 'viewer', { ifRevision: binding.revision }))).toBe('changed_meanwhile')
    await client().roles.revoke(binding.id)
    expect(await stop()).toBe('environment_not_found')
  })

  it('of a group are its members’, and go with it', async () => {
    const id = await company.environment('grouped')
    const group = await client().groups.create({ displayName: 'Testers', members: ['nobody'] })
    await client().roles.grant({ project: 'grouped', role: 'editor', group: 'testers' })
    const find = () => code(as('nobody').environments.get(id))
    expect(await find()).toBe('ok')
    expect((await as('nobody').groups.list()).items.map(({ displayName }) => displayName)).toEqual(['Testers'])
    await client().groups.update(group.id, { removeMembers: ['nobody'] })
    expect(await find()).toBe('environment_not_found')
    await client().groups.update(group.id, { addMembers: ['nobody'] })
    expect(await find()).toBe('ok')
    await client().groups.delete(group.id)
    expect(await find()).toBe('environment_not_found')
    expect((await client().roles.list({ project: 'grouped' })).items).toEqual([])
  })
})

describe('names', () => {
  it('are the same whatever their case, width and composition, and look like nobody else’s', async () => {
    await client().users.create({ userName: 'José', email: 'Jose@Example.com' })
    for (const userName of ['josé', 'JOSÉ', 'JOSE\u0301', 'ｊosé'])
      expect(await code(client().users.create({ userName }))).toBe('name_taken')
    expect((await client().users.get('JOSE\u0301')).userName).toBe('José')
    for (const userName of ['p\u0430ypal', 'al ice', 'ali\u200bce', 'a\u202elice', 'usr_0123456789ab']) {
      expect(await code(client().users.create({ userName }))).toBe('invalid')
    }
    expect(await code(client().users.create({ userName: 'jose2', email: 'jose@example.COM' }))).toBe('email_taken')
    const idle = await client().users.create({ userName: 'jose3', email: 'jose@example.com', active: false })
    expect(await code(client().users.activate(idle.id))).toBe('email_taken')
  })

  it('of a source are unique in it', async () => {
    await client().users.create({ userName: 'from-okta', source: 'okta', externalId: '00u1' })
    expect(await code(client().users.create({ userName: 'from-okta-2', source: 'okta', externalId: '00u1' }))).toBe('external_id_taken')
    await client().users.create({ userName: 'from-ldap', source: 'ldap', externalId: '00u1' })
    const { items, total } = await client().users.list({ source: 'ldap', externalId: '00u1' })
    expect([items.map(({ userName }) => userName), total]).toEqual([['from-ldap'], 1])
  })

  it('that change take along what is theirs, and only what nobody else changed', async () => {
    const guest = await company.user('old-name')
    const id = await company.environment('shop')
    await client()
      .environments.get(id)
      .then((each) => each.update({ owner: guest.id }))
    expect(await code(client().users.update(guest.id, { userName: 'x' }, { ifRevision: guest.revision + 99 }))).toBe('changed_meanwhile')
    await client().users.update(guest.id, { userName: 'new-name' }, { ifRevision: guest.revision })
    const { owner, ownerId } = await client().environments.get(id)
    expect([owner, ownerId]).toEqual(['new-name', guest.id])
    expect((await client().users.update(guest.id, { userName: 'new-name' })).revision).toBe((await client().users.get(guest.id)).revision)
  })

  it('of groups are not those of members', async () => {
    const group = await client().groups.create({ displayName: 'outer' })
    expect(await code(client().groups.update(group.id, { addMembers: [group.id] }))).toBe('invalid')
    expect(await code(client().groups.update(group.id, { addMembers: ['outer'] }))).toBe('user_not_found')
    expect(await code(client().groups.create({ displayName: 'OUTER' }))).toBe('name_taken')
    expect(await code(client().groups.update(group.id, { members: [], addMembers: [] }))).toBe('invalid')
  })
})

describe('somebody who leaves', () => {
  async function leaver(options: { manager?: string } = {}) {
    const user = await client().users.create({ userName: `leaver-${Math.random().toString(36).slice(2)}`, ...options })
    await company.role('shop', 'editor', user.id)
    const { token } = await client().tokens.create({ name: 'leaver', scope: 'write', user: user.id })
    const theirs = new StandinClient({ url: company.control.api, token })
    const id = await company.environment('shop')
    await client()
      .environments.get(id)
      .then((each) => each.update({ owner: user.id }))
    return { user, token, theirs, id }
  }

  it('is let in no more, not even in what is open', async () => {
    company.bake('shop-base', 'shop')
    const { user, token, theirs } = await leaver()
    const { id } = await theirs.environments.create({ template: 'shop-base' })
    await company.control.until(id, 'running')
    const provider = company.control.part(Tokens.providers).get('memory')
    provider.logs = async function* (_, { signal } = {}) {
      yield { at: new Date(0).toISOString(), host: 'web', instance: 'web-1', stream: 'stdout', line: 'up' }
      if (signal?.aborted === false) await once(signal, 'abort')
    }
    const socket = new WebSocket(`${company.control.api.replace('http', 'ws')}/v1/environments/${id}/exec?arg=cat`, {
      headers: { authorization: `Bearer ${token}` },
    })
    await once(socket, 'open')
    const open = async (path: string) =>
      (await fetch(`${company.control.api}${path}`, { headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' } })).text()
    const streams = [open('/v1/events'), open(`/v1/environments/${id}/logs?follow=true`)]
    await expect.poll(() => company.control.part(Tokens.streams).size).toBe(3)
    const closed = once(socket, 'close')
    await client().users.deactivate(user.id)
    expect((await closed)[0]).toBe(1001)
    await Promise.all(streams)
    expect(await code(theirs.environments.list())).toBe('unauthenticated')
    expect(await code(client().tokens.create({ name: 'again', scope: 'read', user: user.id }))).toBe('state_conflict')
    const back = await client().users.activate(user.id)
    expect([back.active, back.deactivatedAt]).toEqual([true, null])
    expect(await code(theirs.environments.list())).toBe('unauthenticated')
  })

  it('gets no answer to what they began: bodies that arrive later, commands that begin later', async () => {
    company.bake('shop-base', 'shop')
    const slow = async (path: string, authorization: string, meanwhile: () => Promise<unknown>) => {
      const sent = request(`${company.control.api}${path}`, {
        method: 'PATCH',
        agent: false,
        // Node answers to this once the headers are here.
        headers: { authorization: `Bearer ${authorization}`, 'content-type': 'application/json', expect: '100-continue' },
      })
      sent.on('error', () => {})
      sent.flushHeaders()
      await once(sent, 'continue')
      await meanwhile()
      sent.end('{"suspendAfterMs":60000}')
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      response.resume()
      return response.statusCode
    }
    const { user, token, id } = await leaver()
    const address = `/v1/environments/${id}`
    expect(await slow(address, token, async () => {})).toBe(200)
    const moved = async () => {
      await client()
        .environments.get(id)
        .then((each) => each.update({ labels: { project: 'bank' } }))
    }
    expect(await slow(address, token, moved)).toBe(404)
    const ends = await client().tokens.create({ name: 'ends', scope: 'write' })
    expect(await slow(address, ends.token, () => client().tokens.revoke(ends.id))).toBe(401)

    const environment = await new StandinClient({ url: company.control.api, token }).environments.create({ template: 'shop-base' })
    await company.control.until(environment.id, 'running')
    const provider = company.control.part(Tokens.providers).get('memory')
    const begins = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const { exec } = provider
    provider.exec = async (...parts) => {
      asked.resolve()
      await begins.promise
      return exec.apply(provider, parts)
    }
    const socket = new WebSocket(`${company.control.api.replace('http', 'ws')}/v1/environments/${environment.id}/exec?arg=cat`, {
      headers: { authorization: `Bearer ${token}` },
    })
    socket.on('error', () => {})
    const refused = once(socket, 'unexpected-response')
    await asked.promise
    await client().users.deactivate(user.id)
    const before = company.control.world.calls.length
    begins.resolve()
    const [, response] = (await refused) as [unknown, IncomingMessage]
    response.resume()
    socket.terminate()
    provider.exec = exec
    expect(response.statusCode).toBe(401)
    expect(company.control.world.calls.slice(before)).toContain(`kill SIGHUP ${environment.id}`)
  })

  it('leaves what is theirs to the heir, and it is told beforehand', async () => {
    const { user, id } = await leaver({ manager: 'boss' })
    const { last } = await client().events.list()
    const plan = await client().users.deactivate(user.id, { heir: 'Manager', dryRun: true })
    const to = { id: company.users.get('manager')?.id, userName: 'manager' }
    expect(plan).toMatchObject({
      dryRun: true,
      deactivates: true,
      environments: [{ id, project: 'shop', to, because: 'heir', role: 'manager' }],
      tokens: [{ name: 'leaver' }],
    })
    expect((await client().events.list()).last).toBe(last)
    const done = await client().users.deactivate(user.id, { heir: 'manager', reason: 'left the company' })
    expect(done).toEqual({ ...plan, dryRun: false, user: done.user })
    const { items } = await client().events.list({ after: last })
    expect(items.map(({ type, actor }) => [type, actor])).toEqual([
      ['token.revoked', 'token:admin'],
      ['environment.changed', 'token:admin'],
      ['user.deactivated', 'token:admin'],
    ])
    expect(items[1]?.data).toEqual({ fields: ['owner'], owner: 'manager', ownerId: to.id })
    expect(items[2]?.data).toMatchObject({ reason: 'left the company', environments: 1, orphaned: 0, tokens: 1 })
    const again = await client().users.deactivate(user.id, { heir: 'manager' })
    expect([again.deactivates, again.environments, again.tokens]).toEqual([false, [], []])
    expect((await client().events.list()).last).toBe(items.at(-1)?.seq)
  })

  it('leaves it to the first active one up the line, also where lines go in circles', async () => {
    const gone = await client().users.create({ userName: 'gone-manager', active: false, manager: 'boss' })
    const first = await leaver({ manager: gone.id })
    const done = await client().users.deactivate(first.user.id)
    expect(done.environments).toMatchObject([{ to: { userName: 'boss' }, because: 'manager' }])
    const second = await leaver()
    await client().users.update(gone.id, { manager: second.user.id })
    await client().users.update(second.user.id, { manager: gone.id })
    expect((await client().users.deactivate(second.user.id)).environments).toMatchObject([{ to: null, because: null }])
    expect(await code(client().users.update('boss', { manager: 'boss' }))).toBe('invalid')
  })

  it('leaves it where it is, marked, where there is nobody; an heir can be named later', async () => {
    const { user, id } = await leaver()
    await client().users.deactivate(user.id)
    const orphan = await client().environments.get(id)
    expect([orphan.owner, orphan.ownerId, orphan.orphanedAt !== null, orphan.desired]).toEqual([user.userName, user.id, true, 'running'])
    expect((await client().environments.list({ orphaned: true, limit: 1000 })).items.map((each) => each.id)).toContain(id)
    expect(await code(client().users.deactivate(user.id, { heir: user.id }))).toBe('invalid')
    expect(await code(client().users.deactivate(user.id, { heir: 'gone-manager' }))).toBe('state_conflict')
    await client().users.deactivate(user.id, { heir: 'editor' })
    const { owner, orphanedAt } = await client().environments.get(id)
    expect([owner, orphanedAt]).toEqual(['editor', null])
  })

  it('leaves what is made for them later marked as well: a build that was queued', async () => {
    const environments = company.control.part(Tokens.environments)
    const build = (ownerId: string) =>
      environments.insert(
        {
          ...{ name: null, namePrefix: 'late-build', kind: 'build', provider: 'memory', template: null, owner: 'x', ownerId, labels: {} },
          ...{
            desired: 'stopped',
            source: { kind: 'blueprint', dir: '/' },
            stack: shopStack(),
            hosts: [],
            suspendAfterMs: null,
            expiresAt: null,
          },
        },
        { actor: 'builder', message: 'a test' },
      )
    const [stays, leaves, goes] = [await company.user(), await company.user(), await company.user()]
    await client().users.deactivate(leaves.id)
    await client().users.delete(goes.id)
    expect([stays.id, leaves.id, goes.id].map(build).map(({ ownerId, orphanedAt }) => [ownerId, orphanedAt !== null])).toEqual([
      [stays.id, false],
      [leaves.id, true],
      [null, true],
    ])
  })

  it('gets back what nobody was given when they come back', async () => {
    const { user, id } = await leaver()
    await client().users.deactivate(user.id)
    await client().users.activate(user.id)
    expect((await client().environments.get(id)).orphanedAt).toBeNull()
  })

  it('goes and comes back in one step with other changes, or not at all', async () => {
    const { user, theirs, id } = await leaver()
    expect(await code(client().users.update(user.id, { displayName: 'Gone', manager: 'no-such', active: false }))).toBe('user_not_found')
    expect(await theirs.environments.get(id)).toMatchObject({ owner: user.userName })
    const gone = await client().users.update(user.id, { displayName: 'Gone', manager: 'editor', active: false })
    expect(gone).toMatchObject({ displayName: 'Gone', active: false, revision: (await client().users.get(user.id)).revision })
    expect((await client().environments.get(id)).owner).toBe('editor')
    expect(await code(theirs.environments.get(id))).toBe('unauthenticated')
    await client().users.create({ userName: 'has-the-address', email: 'both@example.com' })
    expect(await code(client().users.update(user.id, { email: 'both@example.com', active: true }))).toBe('email_taken')
    expect(await client().users.get(user.id)).toMatchObject({ email: user.email, active: false })
    expect(await client().users.update(user.id, { email: null, active: true })).toMatchObject({ active: true, deactivatedAt: null })
  })

  it('is forgotten without anything being lost, and a namesake gets nothing of it', async () => {
    const { user, id } = await leaver()
    await client()
      .environments.get(id)
      .then((each) => each.update({ labels: {} }))
    await client().users.create({ userName: 'was-managed', manager: user.id })
    await client().groups.create({ displayName: 'was-in', members: [user.id] })
    await client().users.delete(user.id)
    expect(await code(client().users.get(user.id))).toBe('user_not_found')
    expect((await client().users.get('was-managed')).manager).toBeNull()
    expect((await client().groups.get('was-in')).members).toBe(0)
    const { owner, ownerId, orphanedAt } = await client().environments.get(id)
    expect([owner, ownerId, orphanedAt !== null]).toEqual([user.userName, null, true])
    const { token } = await client().tokens.create({ name: 'namesake', scope: 'admin', user: (await company.user(user.userName)).id })
    expect(await code(new StandinClient({ url: company.control.api, token }).environments.get(id))).toBe('environment_not_found')
  })

  it('changes nothing at all where a part of it fails', async () => {
    const { user, theirs, id } = await leaver()
    const ownership = company.control.part(Tokens.ownership)
    const orphan = ownership.orphan
    ownership.orphan = () => {
      throw new Error('disk on fire')
    }
    try {
      expect(await code(client().users.deactivate(user.id))).toBe('internal')
    } finally {
      ownership.orphan = orphan
    }
    expect((await client().users.get(user.id)).active).toBe(true)
    expect((await theirs.environments.get(id)).owner).toBe(user.userName)
  })
})

it('ends what is open with a token that expires', async () => {
  const { id, token } = await client().tokens.create({ name: 'short', scope: 'read', expiresInMs: 3_600_000 })
  const response = await fetch(`${company.control.api}/v1/events?watch=1`, { headers: { authorization: `Bearer ${token}` } })
  const store = new Sqlite(join(company.control.home, 'control', 'standin.db'))
  store.prepare('update tokens set expires_at = ? where id = ?').run(Date.now(), id)
  store.close()
  const stop = endForbiddenStreams(company.control.part(Tokens.events), company.control.part(Tokens.streams), 20)
  try {
    expect(await response.text()).toContain('event: ')
  } finally {
    stop()
  }
})

describe('requests that come again', () => {
  it('make one user, group and role, and get the same answer', async () => {
    const headers = { 'idempotency-key': 'people-1' }
    const twice = async <T>(path: string, body: unknown) => [
      (await company.call<T>('boss', 'POST', path, body, { headers })).body,
      (await company.call<T>('boss', 'POST', path, body, { headers })).body,
    ]
    const [one, other] = await twice<User>('/v1/users', { userName: 'once' })
    expect(one?.id).toBe(other?.id)
    const created = await company.call<Environment>('editor', 'POST', '/v1/environments', { template: 'common' })
    expect(created.status).toBe(201)
  })
})
