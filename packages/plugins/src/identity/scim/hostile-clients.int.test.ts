import { request } from 'node:http'
import { StandinClient } from '@standin/client/connect'
import type { PluginStore } from '@standin/core'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { identityPlugin } from '../identity-plugin.ts'
import { enterpriseUrn, groupUrn, userUrn } from './schema/resource-schemas.ts'
import { patchOf, ScimClient } from './testing/scim-client.ts'

let booted: BootedPlugin
let scim: ScimClient
let token: string
let store: PluginStore
beforeAll(async () => {
  const plugin: typeof identityPlugin = {
    ...identityPlugin,
    setup: (context, config) => {
      store = context.store
      return identityPlugin.setup(context, config)
    },
  }
  booted = await bootPlugin(plugin, { scim: { tokens: ['directory'] } })
  token = (await booted.client.tokens.create({ name: 'directory', scope: 'read' })).token
  scim = new ScimClient(booted.client.url, token)
}, 60_000)
afterAll(() => booted[Symbol.asyncDispose]())

let count = 0
const fresh = () => `who-${++count}`
const create = async (more: object = {}) => {
  const { status, body } = await scim.post('/Users', { schemas: [userUrn], userName: fresh(), ...more })
  expect([status, body]).toMatchObject([201, {}])
  return body
}
const createGroup = async (more: object = {}) => {
  const { status, body } = await scim.post('/Groups', { schemas: [groupUrn], displayName: fresh(), ...more })
  expect([status, body]).toMatchObject([201, {}])
  return body
}
const error = (status: number, scimType?: string) => ({
  status,
  body: {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: `${status}`,
    detail: expect.stringMatching(/./),
    ...(scimType === undefined ? {} : { scimType }),
  },
})
const get = (path: string, query: Readonly<Record<string, string>>) => scim.get(`${path}?${new URLSearchParams(query)}`)

describe('what a directory does that no RFC says', () => {
  it('names the type of a body that is not there, as Okta does', async () => {
    const { id } = await create()
    const json = { 'content-type': 'application/scim+json; charset=utf-8' }
    expect((await scim.get(`/Users/${id}`, json)).status).toBe(200)
    // Node's client says neither how long nothing is.
    const status = await new Promise((done, failed) => {
      const url = `${booted.client.url}/v1/plugins/identity/scim/v2/Users/${id}`
      request(url, { method: 'DELETE', headers: { ...json, authorization: `Bearer ${token}` } }, (response) => done(response.statusCode))
        .on('error', failed)
        .end()
    })
    expect(status).toBe(204)
  })

  it('asks for a manager, and names one, without the URN, and as a list of one, as Entra does', async () => {
    const [boss, user] = [await create(), await create()]
    const change = patchOf({ op: 'Add', path: 'manager', value: [{ $ref: `http://localhost/scim/Users/${boss.id}`, value: boss.id }] })
    expect((await scim.patch(`/Users/${user.id}`, change)).body[enterpriseUrn].manager.value).toBe(boss.id)
    const asked = { filter: `id eq "${user.id}" and manager eq "${boss.id}"`, attributes: 'id' }
    expect((await get('/Users', asked)).body.Resources).toEqual([{ schemas: [userUrn], id: user.id }])
    expect((await get('/Users', { ...asked, filter: `id eq "${user.id}" and manager eq "x"` })).body.Resources).toEqual([])
    expect((await booted.client.users.get(user.id)).manager?.id).toBe(boss.id)
    expect((await scim.patch(`/Users/${user.id}`, patchOf({ op: 'Remove', path: 'manager' }))).body).not.toHaveProperty(enterpriseUrn)
  })

  it('adds many attributes without a path, with texts for booleans, as Entra does', async () => {
    const { id } = await create({ emails: [{ type: 'work', value: `${fresh()}@example.com`, primary: true }] })
    const value = {
      active: 'False',
      'name.givenName': 'Ada',
      'emails[type eq "home"].value': 'ada@home.example',
      [`${enterpriseUrn}:department`]: 'Engines',
      schemas: [userUrn],
    }
    expect(await scim.patch(`/Users/${id}`, patchOf({ op: 'Add', value }))).toMatchObject({
      status: 200,
      body: { active: false, name: { givenName: 'Ada' }, emails: [{ type: 'work' }, { type: 'home', value: 'ada@home.example' }] },
    })
  })

  it('takes the value away from an address, and gives it another one later', async () => {
    const [first, second, third] = [1, 2, 3].map(() => `${fresh()}@example.com`)
    const emails = [
      { type: 'work', value: first, primary: true },
      { type: 'home', value: second },
    ]
    const { id } = await create({ emails })
    // With a value that is another one, as Entra does.
    await scim.patch(`/Users/${id}`, patchOf({ op: 'Remove', path: 'emails[type eq "work"].value', value: third }))
    expect((await booted.client.users.get(id)).email).toBe(second)
    await scim.patch(`/Users/${id}`, patchOf({ op: 'Add', path: 'emails[type eq "work"].value', value: third }))
    expect((await booted.client.users.get(id)).email).toBe(third)
  })

  it('removes from a group who was never in it, or never was', async () => {
    const [member, other] = [await create(), await create()]
    const { id } = await createGroup({ members: [{ value: member.id }] })
    const removals = [other.id, 'usr_000000000000', '2819c223-7f76-453a-919d-413861904646'].flatMap((value) => [
      { op: 'remove', path: `members[value eq "${value}"]` },
      { op: 'Remove', path: 'members', value: [{ value }] },
    ])
    expect((await scim.patch(`/Groups/${id}`, patchOf(...removals))).status).toBe(204)
    expect((await scim.get(`/Groups/${id}`)).body.members).toMatchObject([{ value: member.id }])
    const many = Array.from({ length: 50 }, (_, n) => ({ value: `usr_${n.toString().padStart(12, '0')}` }))
    const removal = { op: 'remove', path: 'members', value: [...many, { value: member.id }] }
    expect((await scim.patch(`/Groups/${id}`, patchOf(removal))).status).toBe(204)
    expect((await scim.get(`/Groups/${id}`)).body).not.toHaveProperty('members')
  })
})

describe('what RFC 7643 and RFC 7644 say', () => {
  it('a body says of itself what it is (RFC 7643, section 3)', async () => {
    const { id } = await create()
    const group = await createGroup()
    for (const schemas of [undefined, [], userUrn, [7]]) {
      expect(await scim.post('/Users', { schemas, userName: fresh() })).toMatchObject(error(400, 'invalidSyntax'))
      expect(await scim.put(`/Users/${id}`, { schemas, userName: fresh() })).toMatchObject(error(400, 'invalidSyntax'))
      expect(await scim.put(`/Groups/${group.id}`, { schemas, displayName: fresh() })).toMatchObject(error(400, 'invalidSyntax'))
      const Operations = [{ op: 'replace', path: 'title', value: 'x' }]
      expect(await scim.patch(`/Users/${id}`, { schemas, Operations })).toMatchObject(error(400, 'invalidSyntax'))
      expect(await scim.post('/Users/.search', { schemas })).toMatchObject(error(400, 'invalidSyntax'))
    }
    expect((await scim.post('/Users', { SCHEMAS: [userUrn.toUpperCase()], USERNAME: fresh() })).status).toBe(201)
  })

  it('what the answer is to have is read before anything is written', async () => {
    const { id, title } = await create()
    const group = await createGroup()
    const odd = 'attributes=id&excludedAttributes=id'
    const userName = fresh()
    const wrong = [
      await scim.post(`/Users?${odd}`, { schemas: [userUrn], userName }),
      await scim.put(`/Users/${id}?${odd}`, { schemas: [userUrn], userName }),
      await scim.patch(`/Users/${id}?${odd}`, patchOf({ op: 'add', path: 'title', value: 'x' })),
      await scim.post(`/Groups?${odd}`, { schemas: [groupUrn], displayName: userName }),
      await scim.patch(`/Groups/${group.id}?${odd}`, patchOf({ op: 'replace', path: 'displayName', value: userName })),
    ]
    for (const answer of wrong) expect(answer).toMatchObject(error(400, 'invalidValue'))
    expect(await scim.find('Users', `userName eq "${userName}"`)).toEqual([])
    expect(await scim.find('Groups', `displayName eq "${userName}"`)).toEqual([])
    expect((await scim.get(`/Users/${id}`)).body.title).toBe(title)
  })

  it('resources are found by their schemas (section 3.4.2.2)', async () => {
    const plain = await create()
    const extended = await create({ [enterpriseUrn]: { department: 'Engines' } })
    const found = async (filter: string) => (await scim.find('Users', filter)).map(({ id }: { id: string }) => id)
    expect(await found(`schemas eq "${enterpriseUrn}" and id eq "${extended.id}"`)).toEqual([extended.id])
    expect(await found(`schemas eq "${enterpriseUrn}" and id eq "${plain.id}"`)).toEqual([])
    expect(await found(`schemas eq "${userUrn}" and id eq "${plain.id}"`)).toEqual([plain.id])
    expect(await scim.patch(`/Users/${plain.id}`, patchOf({ op: 'add', path: 'schemas', value: ['x'] }))).toMatchObject(
      error(400, 'mutability'),
    )
  })

  it('what is empty is as if it were not there (section 2.5)', async () => {
    const user = await create()
    expect((await scim.get(`/Users/${user.id}?attributes=`)).body).toEqual(user)
    expect((await scim.get(`/Users/${user.id}?excludedAttributes=`)).body).toEqual(user)
    const search = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
      filter: `id eq "${user.id}"`,
      attributes: null,
      sortBy: null,
      count: null,
    }
    expect((await scim.post('/Users/.search', search)).body.Resources).toEqual([user])
  })

  it('parts that are not there leave nothing empty behind (section 2.5)', async () => {
    const { id } = await create({ name: { givenName: 'Ada' }, emails: [{ value: `${fresh()}@example.com` }] })
    const shown = { schemas: [userUrn], id }
    expect((await scim.get(`/Users/${id}?attributes=name.familyName,emails.type`)).body).toEqual(shown)
    const { body } = await scim.get(`/Users/${id}?excludedAttributes=name.givenName,emails.value`)
    expect(['name', 'emails'].filter((name) => name in body)).toEqual([])
  })

  it('numbers of pages have an end at both ends (section 3.4.2.4)', async () => {
    await create()
    const page = async (query: Readonly<Record<string, string>>) => (await get('/Users', query)).body
    expect(await page({ startIndex: '-5', count: '1' })).toMatchObject({ startIndex: 1, itemsPerPage: 1 })
    expect(await page({ count: '-1' })).toMatchObject({ itemsPerPage: 0, Resources: [] })
    expect(await page({ startIndex: '999999999' })).toMatchObject({ startIndex: 999_999_999, itemsPerPage: 0 })
    expect(await page({ count: '999999999' })).toMatchObject({ startIndex: 1 })
  })

  it('a change that changes nothing leaves the version as it was (section 3.5.2.1)', async () => {
    const user = await create({ title: 'Countess' })
    const group = await createGroup({ members: [{ value: user.id }] })
    const { meta } = (await scim.get(`/Users/${user.id}`)).body
    const again = await scim.patch(`/Users/${user.id}`, patchOf({ op: 'add', path: 'title', value: 'Countess' }))
    expect(again.body.meta).toEqual(meta)
    const added = await scim.patch(`/Groups/${group.id}`, patchOf({ op: 'add', path: 'members', value: [{ value: user.id }] }))
    expect([added.status, added.headers.get('etag')]).toEqual([204, group.meta.version])
  })

  it('the meta of a resource tells when it was changed last, and it is found by that (RFC 7643, section 3.1)', async () => {
    const [user, group] = [await create({ title: 'Countess' }), await createGroup()]
    const read = async () => {
      const [{ body: one }, { body: other }] = [await scim.get(`/Users/${user.id}`), await scim.get(`/Groups/${group.id}`)]
      return [one.meta.lastModified, other.meta.lastModified]
    }
    const first = user.meta.created
    expect(await read()).toEqual([first, first])
    await booted.advance('1h')
    const second = new Date(booted.clock.now()).toISOString()
    const change = (title: string) => scim.patch(`/Users/${user.id}`, patchOf({ op: 'replace', path: 'title', value: title }))
    await change('Countess')
    expect(await read()).toEqual([first, first])
    await change('Queen')
    await scim.patch(`/Groups/${group.id}`, patchOf({ op: 'add', path: 'members', value: [{ value: user.id }] }))
    expect(await read()).toEqual([second, second])
    const since = async (at: string) => (await scim.find('Users', `meta.lastModified gt "${at}"`)).map(({ id }: { id: string }) => id)
    expect([await since(first), await since(second)]).toEqual([[user.id], []])
    await booted.advance('1h')
    await booted.client.users.update(user.id, { displayName: 'By hand' })
    expect(await since(second)).toEqual([user.id])
  })

  it('ids are the server’s: what a client says of them changes nothing, or is refused (section 3.1)', async () => {
    const [mine, other] = [await create(), await create()]
    expect((await scim.post('/Users', { schemas: [userUrn], userName: fresh(), id: other.id })).body.id).not.toBe(other.id)
    const put = await scim.put(`/Users/${mine.id}`, { ...other, userName: mine.userName, title: 'x' })
    expect([put.status, put.body.id, put.body.meta.location]).toEqual([200, mine.id, mine.meta.location])
    expect((await scim.get(`/Users/${other.id}`)).body).toEqual(other)
    for (const operation of [
      { op: 'replace', path: 'id', value: other.id },
      { op: 'replace', value: { id: other.id, title: 'y' } },
      { op: 'remove', path: 'id' },
      { op: 'remove', path: 'userName' },
      { op: 'add', path: 'meta.created', value: '2000-01-01T00:00:00Z' },
    ]) {
      expect(await scim.patch(`/Users/${mine.id}`, patchOf(operation))).toMatchObject(error(400, 'mutability'))
    }
    expect((await scim.get(`/Users/${mine.id}`)).body).toEqual(put.body)
  })

  it('names are one whatever their case, width and composition (section 4.1.1)', async () => {
    const name = `Zoë-${fresh()}@example.com`
    const { id } = await create({ userName: name })
    const others = [name.toUpperCase(), name.normalize('NFD'), name.replace('@', '＠')]
    for (const userName of others) {
      expect(await scim.post('/Users', { schemas: [userUrn], userName })).toMatchObject(error(409, 'uniqueness'))
      expect(await scim.find('Users', `userName eq "${userName}"`)).toMatchObject([{ id }])
    }
  })
})

describe('what is not there', () => {
  it.each([
    ['POST', '/Bulk', 501],
    ['GET', '/Me', 501],
    ['PATCH', '/Me', 501],
    ['DELETE', '/Me', 501],
    ['POST', '/.search', 501],
    ['GET', '/', 404],
    ['POST', '/Robots', 404],
    ['PUT', '/Users', 404],
    ['DELETE', '/Groups', 404],
    ['POST', '/Schemas', 404],
    ['GET', '/Users/long', 404],
  ])('%s %s is answered by %s, in SCIM, to who may provision', async (method, asked, status) => {
    const path = asked.replace('long', 'x'.repeat(300))
    expect(await scim.send(method, path, method === 'GET' ? undefined : {})).toMatchObject(error(status))
    const { token: reader } = await booted.client.tokens.create({ name: 'reader', scope: 'write' })
    expect(await new ScimClient(booted.client.url, reader).send(method, path)).toMatchObject(error(403))
    expect(await new ScimClient(booted.client.url, 'stn_none').send(method, path)).toMatchObject(error(401))
  })

  it('is in no filter either, however odd it is', async () => {
    const user = await create()
    const group = await createGroup({ members: [{ value: user.id }] })
    for (const value of ['', '.', '..', '/', '%', '?', '#', '\u0000', 'x'.repeat(2000), user.userName, '../groups']) {
      const text = JSON.stringify(value)
      for (const filter of [`id eq ${text}`, `externalId eq ${text}`, `emails eq ${text}`, `emails[type eq "work"].value eq ${text}`]) {
        expect(await scim.find('Users', filter)).toEqual([])
      }
      expect(await scim.find('Users', `userName eq ${text}`)).toHaveLength(value === user.userName ? 1 : 0)
      for (const filter of [`id eq ${text}`, `externalId eq ${text}`, `displayName eq ${text}`, `members eq ${text}`]) {
        expect(await scim.find('Groups', filter)).toEqual([])
      }
    }
    expect(await scim.find('Groups', `members eq "${user.id}"`)).toMatchObject([{ id: group.id }])
  })
})

describe('who goes', () => {
  it('is deactivated once by two who say so at once, and takes no environment along that they make at that moment', async () => {
    const boss = await create()
    const leaver = await create({ [enterpriseUrn]: { manager: { value: boss.id } } })
    const { client } = booted
    await client.roles.grant({ user: leaver.id, project: 'shop', role: 'editor' })
    const own = await client.tokens.create({ name: 'own', scope: 'write', user: leaver.id })
    booted.bake('shop')
    const theirs = new StandinClient({ url: client.url, token: own.token })
    const up = () =>
      theirs.environments.create({ template: 'shop', labels: { project: 'shop' } }).then(
        ({ id }) => id,
        (error: { code: string }) => error.code,
      )
    const first = await up()
    const { last } = await client.events.list()
    const off = patchOf({ op: 'replace', path: 'active', value: 'False' })
    const path = `/Users/${leaver.id}`
    const [one, other, ...made] = await Promise.all([scim.patch(path, off), scim.patch(path, off), ...[1, 2, 3, 4].map(up)])
    expect([one.status, other.status]).toEqual([200, 200])
    const ids = [first, ...made].filter((each) => typeof each === 'number')
    expect(made.filter((each) => typeof each === 'string' && each !== 'unauthenticated')).toEqual([])
    for (const id of ids) expect(await client.environments.get(id)).toMatchObject({ ownerId: boss.id, orphanedAt: null })
    expect((await client.environments.list({ owner: leaver.userName })).items).toEqual([])
    const { items } = await client.events.list({ after: last, type: 'user.deactivated' })
    expect(items).toHaveLength(1)
    expect(await up()).toBe('unauthenticated')
  })

  it('is there again for the directory once they are somebody else’s, and is not forgotten for a namesake', async () => {
    const { id, userName } = await create()
    await scim.delete(`/Users/${id}`)
    await booted.client.users.update(id, { source: 'ldap' })
    expect(await scim.find('Users', `userName eq "${userName}"`)).toMatchObject([{ id, active: false }])
    expect(await scim.post('/Users', { schemas: [userUrn], userName })).toMatchObject(error(409, 'uniqueness'))
    expect((await booted.client.users.get(id)).source).toBe('ldap')
  })

  it('may be the last manager: whoever runs the platform has a token that is nobody’s', async () => {
    const { client } = booted
    const boss = await create()
    await client.roles.grant({ user: boss.id, project: null, role: 'manager' })
    expect((await scim.delete(`/Users/${boss.id}`)).status).toBe(204)
    expect((await client.discover()).scope).toBe('admin')
    expect((await client.users.activate(boss.id)).active).toBe(true)
  })

  it('comes back where nobody has their address meanwhile', async () => {
    const emails = [{ value: `${fresh()}@example.com` }]
    const leaver = await create({ emails, active: false })
    const heir = await create({ emails })
    const back = patchOf({ op: 'replace', value: { active: true } })
    expect(await scim.patch(`/Users/${leaver.id}`, back)).toMatchObject(error(409, 'uniqueness'))
    expect((await scim.get(`/Users/${leaver.id}`)).body).toEqual(leaver)
    await scim.patch(`/Users/${heir.id}`, patchOf({ op: 'remove', path: 'emails' }))
    expect((await scim.patch(`/Users/${leaver.id}`, back)).body).toMatchObject({ active: true, emails })
  })
})

describe('what is too much', () => {
  it('is refused before it costs much', async () => {
    const { id } = await createGroup()
    const search = (filter: string) =>
      scim.post('/Users/.search', { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter })
    expect(await search(`${'('.repeat(4_000)}title pr${')'.repeat(4_000)}`)).toMatchObject(error(400, 'invalidFilter'))
    expect(await search(`title eq "${'x'.repeat(1 << 20)}"`)).toMatchObject(error(400, 'invalidFilter'))
    expect(await search('not ('.repeat(1_000))).toMatchObject(error(400, 'invalidFilter'))
    const members = Array.from({ length: 100_000 }, (_, n) => ({ value: `usr_${n.toString(16).padStart(12, '0')}` }))
    for (const operation of [
      { op: 'add', path: 'members', value: members },
      { op: 'replace', value: { members } },
      { op: 'remove', path: 'members', value: members },
    ]) {
      expect(await scim.patch(`/Groups/${id}`, patchOf(operation))).toMatchObject(error(400, 'invalidValue'))
    }
    const deep = `{"schemas":["${userUrn}"],"userName":"deep","name":${'['.repeat(500_000)}${']'.repeat(500_000)}}`
    expect(await scim.post('/Users', deep)).toMatchObject(error(400, 'invalidValue'))
    const odd = `{"schemas":["${userUrn}"],"userName":"odd","__proto__":{"active":false},"name":{"__proto__":{"givenName":"x"}}}`
    expect((await scim.post('/Users', odd)).body).toMatchObject({ active: true, displayName: 'odd' })
  })
})

it('keeps nothing of who was deleted by hand', async () => {
  const { id } = await create({ title: 'Countess' })
  expect(await store.get(`scim/user/${id}`)).toMatchObject({ profile: { title: 'Countess' } })
  await booted.client.users.delete(id)
  await booted.settled()
  expect(await scim.get(`/Users/${id}`)).toMatchObject(error(404))
  expect(await store.get(`scim/user/${id}`)).toBeUndefined()
})
