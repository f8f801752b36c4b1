import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { identityPlugin } from '../identity-plugin.ts'
import { enterpriseUrn, groupUrn, userUrn } from './schema/resource-schemas.ts'
import { patchOf, ScimClient } from './testing/scim-client.ts'

let booted: BootedPlugin
let scim: ScimClient
beforeAll(async () => {
  booted = await bootPlugin(identityPlugin, { scim: { tokens: ['directory'] } })
  scim = new ScimClient(booted.client.url, booted.adminToken)
}, 60_000)
afterAll(() => booted[Symbol.asyncDispose]())

let count = 0
const person = (more: object = {}) => {
  const userName = `person-${++count}`
  return { schemas: [userUrn], userName, externalId: `x-${count}`, active: true, ...more }
}
const create = async (more: object = {}) => {
  const { status, body } = await scim.post('/Users', person(more))
  expect(status).toBe(201)
  return body
}
const createGroup = async (more: object = {}) => {
  const { status, body } = await scim.post('/Groups', { schemas: [groupUrn], displayName: `group-${++count}`, ...more })
  expect(status).toBe(201)
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

describe('what the server says of itself (RFC 7644, section 4)', () => {
  it('is what it can do', async () => {
    const { status, body } = await scim.get('/ServiceProviderConfig')
    expect(status).toBe(200)
    expect(body).toMatchObject({ patch: { supported: true }, bulk: { supported: false }, filter: { supported: true, maxResults: 1000 } })
    expect(body).toMatchObject({ sort: { supported: true }, etag: { supported: true }, changePassword: { supported: false } })
    expect(body.authenticationSchemes).toMatchObject([{ type: 'oauthbearertoken' }])
  })

  it('is its kinds of resources, with schemas that are there', async () => {
    const types = (await scim.get('/ResourceTypes')).body
    expect(types).toMatchObject({ totalResults: 2, itemsPerPage: 2, startIndex: 1 })
    expect(types.Resources.map(({ name }: { name: string }) => name)).toEqual(['User', 'Group'])
    for (const { schema, meta, schemaExtensions = [] } of types.Resources) {
      expect((await fetch(meta.location, { headers: { authorization: `Bearer ${booted.adminToken}` } })).status).toBe(200)
      for (const urn of [schema, ...schemaExtensions.map((each: { schema: string }) => each.schema)]) {
        expect((await scim.get(`/Schemas/${urn}`)).body.id).toBe(urn)
      }
    }
    expect((await scim.get('/ResourceTypes/User')).body.schemaExtensions).toEqual([{ schema: enterpriseUrn, required: false }])
    expect(await scim.get('/ResourceTypes/Robot')).toMatchObject(error(404))
  })

  it('is its schemas, without what every resource has', async () => {
    const { Resources } = (await scim.get('/Schemas')).body
    expect(Resources.map(({ id }: { id: string }) => id)).toEqual([userUrn, enterpriseUrn, groupUrn])
    const names = Resources[0].attributes.map(({ name }: { name: string }) => name)
    expect(names).toContain('emails')
    expect(names).not.toContain('id')
    expect(Resources[0].attributes[0]).toMatchObject({
      name: 'userName',
      type: 'string',
      required: true,
      uniqueness: 'server',
      multiValued: false,
    })
    expect(await scim.get('/Schemas?filter=id%20pr')).toMatchObject(error(403))
  })
})

describe('who may provision', () => {
  const status = async (token: string) => (await new ScimClient(booted.client.url, token).get('/Users')).status

  it('is a token of the scope admin, or one that the configuration names, and nobody whose name only looks like it', async () => {
    const { tokens, users } = booted.client
    expect(await status((await tokens.create({ name: 'other', scope: 'admin' })).token)).toBe(200)
    expect(await status((await tokens.create({ name: 'other', scope: 'write' })).token)).toBe(403)
    expect(await status((await tokens.create({ name: 'directory', scope: 'read' })).token)).toBe(200)
    const { id } = await users.create({ userName: 'directory' })
    await booted.client.roles.grant({ user: id, project: null, role: 'manager' })
    expect(await status((await tokens.create({ name: 'directory', scope: 'write', user: id })).token)).toBe(403)
  })

  it('is named by the events, with the plugin', async () => {
    const { client } = booted
    const { last } = await client.events.list()
    const { token } = await client.tokens.create({ name: 'directory', scope: 'read' })
    const { id } = (await new ScimClient(client.url, token).post('/Users', person())).body
    const boss = await client.users.create({ userName: 'Zoë' })
    await client.roles.grant({ user: boss.id, project: null, role: 'manager' })
    const own = await client.tokens.create({ name: 'own', scope: 'admin', user: boss.id })
    await new ScimClient(client.url, own.token).delete(`/Users/${id}`)
    const { items } = await client.events.list({ after: last, limit: 1000 })
    const told = items.filter(({ data, type }) => data.id === id && type.startsWith('user.')).map(({ type, actor }) => [type, actor])
    expect(told).toEqual([
      ['user.created', 'plugin:identity for token:directory'],
      ['user.deactivated', 'plugin:identity for user:Zoë'],
    ])
  })

  it('is told in the words of SCIM why not', async () => {
    const answer = await new ScimClient(booted.client.url, 'stn_wrong').get('/Users')
    expect(answer).toMatchObject(error(401))
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
    const { token } = await booted.client.tokens.create({ name: 'reader', scope: 'read' })
    expect(await new ScimClient(booted.client.url, token).post('/Users', person())).toMatchObject(error(403))
  })

  it('with a read token may provision and nothing else', async () => {
    const { token } = await booted.client.tokens.create({ name: 'directory', scope: 'read' })
    const made = await new ScimClient(booted.client.url, token).post('/Users', person())
    expect(made.status).toBe(201)
    const response = await fetch(`${booted.client.url}/v1/users/${made.body.id}/deactivate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    })
    expect(response.status).toBe(403)
  })
})

describe('a User', () => {
  it('is made, and is a user of Standin', async () => {
    const boss = await create()
    const body = person({
      schemas: [userUrn, enterpriseUrn],
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      emails: [
        { value: 'ada@home.example', type: 'home' },
        { value: 'ada@example.com', type: 'work', primary: true },
      ],
      title: 'Countess',
      password: 'hunter2',
      groups: [{ value: 'grp_000000000000' }],
      [enterpriseUrn]: { department: 'Engines', manager: { value: boss.id } },
    })
    const { status, headers, body: made } = await scim.post('/Users', body)
    expect(status).toBe(201)
    expect(headers.get('location')).toBe(made.meta.location)
    expect(headers.get('etag')).toBe(made.meta.version)
    const { password: _, groups: __, ...kept } = body as Record<string, unknown>
    expect(made).toMatchObject({
      ...kept,
      displayName: 'Ada Lovelace',
      [enterpriseUrn]: { department: 'Engines', manager: { value: boss.id } },
    })
    expect(JSON.stringify(made)).not.toContain('hunter2')
    expect(made.meta).toMatchObject({ resourceType: 'User', created: '2026-03-02T09:00:00.000Z' })
    expect(await booted.client.users.get(made.id)).toMatchObject({
      userName: body.userName,
      displayName: 'Ada Lovelace',
      email: 'ada@example.com',
      externalId: body.externalId,
      source: 'scim',
      manager: { id: boss.id },
      active: true,
    })
    expect((await scim.get(`/Users/${made.id}`)).body).toEqual(made)
    expect((await fetch(made.meta.location, { headers: { authorization: `Bearer ${booted.adminToken}` } })).status).toBe(200)
  })

  it('is unique by userName, externalId and e-mail address, and a second one is refused whole', async () => {
    const first = await create({ emails: [{ value: 'one@example.com' }] })
    const before = (await scim.get('/Users?count=0')).body.totalResults
    for (const more of [
      { userName: first.userName.toUpperCase() },
      { externalId: first.externalId },
      { emails: [{ value: 'ONE@example.com', primary: true }] },
    ]) {
      expect(await scim.post('/Users', person(more))).toMatchObject(error(409, 'uniqueness'))
    }
    const other = await create()
    expect(await scim.put(`/Users/${other.id}`, { ...other, emails: [{ value: 'one@example.com' }], title: 'x' })).toMatchObject(
      error(409, 'uniqueness'),
    )
    const taken = patchOf(
      { op: 'add', path: 'title', value: 'x' },
      { op: 'replace', path: 'emails', value: [{ value: 'one@example.com' }] },
    )
    expect(await scim.patch(`/Users/${other.id}`, taken)).toMatchObject(error(409, 'uniqueness'))
    expect((await scim.get(`/Users/${other.id}`)).body).toEqual(other)
    expect((await scim.get('/Users?count=0')).body.totalResults).toBe(before + 1)
  })

  it.each<[string, unknown, string]>([
    ['no JSON', '{"userName":', 'invalidSyntax'],
    ['nothing', '', 'invalidSyntax'],
    ['a list', [], 'invalidSyntax'],
    ['another schema', { schemas: [groupUrn], userName: 'x' }, 'invalidSyntax'],
    ['no userName', { schemas: [userUrn] }, 'invalidValue'],
    ['a userName that is none', { schemas: [userUrn], userName: 'a b' }, 'invalidValue'],
    ['a userName that is too long', { schemas: [userUrn], userName: 'x'.repeat(201) }, 'invalidValue'],
    ['a boolean that is none', { schemas: [userUrn], userName: 'x', active: 'perhaps' }, 'invalidValue'],
    ['an address that is none', { schemas: [userUrn], userName: 'x', emails: [{ value: 'x' }] }, 'invalidValue'],
    [
      'two primary addresses',
      {
        schemas: [userUrn],
        userName: 'x',
        emails: [
          { value: 'a@b', primary: true },
          { value: 'c@d', primary: true },
        ],
      },
      'invalidValue',
    ],
    [
      'a manager who is not there',
      { schemas: [userUrn], userName: 'x', [enterpriseUrn]: { manager: { value: 'usr_000000000000' } } },
      'invalidValue',
    ],
  ])('is not made of %s', async (_, body, scimType) => {
    expect(await scim.post('/Users', body)).toMatchObject(error(400, scimType))
    expect(await scim.find('Users', 'userName eq "x"')).toEqual([])
  })

  it('is not found by anything but an id that is there', async () => {
    const { userName } = await create()
    for (const id of ['usr_000000000000', userName, 'nobody', '%20', '..%2f..%2fv1']) {
      for (const method of ['GET', 'DELETE']) expect(await scim.send(method, `/Users/${id}`)).toMatchObject(error(404))
      expect(await scim.patch(`/Users/${id}`, patchOf({ op: 'replace', path: 'active', value: false }))).toMatchObject(error(404))
    }
  })

  it('is replaced: what is left out goes, but whether they are active', async () => {
    const { id, userName } = await create({ title: 'Countess', emails: [{ value: `e${count}@example.com` }], displayName: 'Ada' })
    const { status, body } = await scim.put(`/Users/${id}`, { schemas: [userUrn], userName, name: { givenName: 'Augusta' } })
    expect(status).toBe(200)
    expect(body).toMatchObject({ id, userName, displayName: 'Augusta', name: { givenName: 'Augusta' }, active: true })
    for (const name of ['title', 'emails', 'externalId']) expect(body).not.toHaveProperty(name)
    expect(await booted.client.users.get(id)).toMatchObject({ email: null, externalId: null })
  })

  it('who leaves hands on what is theirs, in one step with all else, and comes back', async () => {
    const boss = await create()
    const leaver = await create({ [enterpriseUrn]: { manager: { value: boss.id } } })
    const { token } = await booted.client.tokens.create({ name: 'leaver', scope: 'read', user: leaver.id })
    const environment = await booted.clone(`of-${leaver.userName}`, { project: 'shop' })
    await environment.update({ owner: leaver.id })
    const { status, body } = await scim.patch(`/Users/${leaver.id}`, patchOf({ op: 'replace', value: { active: false, title: 'gone' } }))
    expect([status, body.active, body.title]).toEqual([200, false, 'gone'])
    expect((await environment.refresh()).ownerId).toBe(boss.id)
    expect((await fetch(`${booted.client.url}/v1/users`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(401)
    const back = await scim.patch(`/Users/${leaver.id}`, patchOf({ op: 'replace', path: 'active', value: true }))
    expect([back.status, back.body.active]).toEqual([200, true])
  })

  it('who is deleted is gone for the directory, deactivated in Standin, and nothing of theirs is lost', async () => {
    const leaver = await create()
    const devs = await createGroup({ members: [{ value: leaver.id }] })
    const environment = await booted.clone(`of-${leaver.userName}`, { project: 'shop' })
    await environment.update({ owner: leaver.id })
    expect((await scim.delete(`/Users/${leaver.id}`)).status).toBe(204)
    for (const answer of [await scim.get(`/Users/${leaver.id}`), await scim.delete(`/Users/${leaver.id}`)])
      expect(answer).toMatchObject(error(404))
    expect(await scim.find('Users', `userName eq "${leaver.userName}"`)).toEqual([])
    expect(await scim.find('Users', `id eq "${leaver.id}"`)).toEqual([])
    expect((await scim.get(`/Groups/${devs.id}`)).body).not.toHaveProperty('members')
    expect((await booted.client.users.get(leaver.id)).active).toBe(false)
    expect(await environment.refresh()).toMatchObject({ owner: leaver.userName, state: 'running' })
    // The same person comes back …
    const again = await scim.post('/Users', { schemas: [userUrn], userName: leaver.userName, externalId: leaver.externalId })
    expect([again.status, again.body.id, again.body.active]).toEqual([201, leaver.id, true])
    // … another one of the same name does not.
    await scim.delete(`/Users/${leaver.id}`)
    const namesake = await scim.post('/Users', { schemas: [userUrn], userName: leaver.userName, externalId: 'somebody else' })
    expect(namesake.status).toBe(201)
    expect(namesake.body.id).not.toBe(leaver.id)
    expect((await environment.refresh()).ownerId).toBeNull()
  })

  it('whose making was cut short is finished by the POST that comes again, and made by none but it', async () => {
    const body = person({ title: 'Countess' })
    const { id } = await booted.client.users.create({ userName: body.userName, externalId: body.externalId, source: 'scim' })
    const finished = await scim.post('/Users', body)
    expect([finished.status, finished.body]).toMatchObject([201, { ...body, id }])
    expect(await scim.post('/Users', body)).toMatchObject(error(409, 'uniqueness'))
    await booted.client.users.create({ userName: `cut-${count}`, source: 'scim', externalId: 'other' })
    expect(await scim.post('/Users', { schemas: [userUrn], userName: `cut-${count}`, externalId: 'mine' })).toMatchObject(
      error(409, 'uniqueness'),
    )
  })

  it('whom people made is taken over by the directory that changes them, whom another directory keeps is not', async () => {
    const local = await booted.client.users.create({ userName: `local-${++count}`, email: `local-${count}@example.com` })
    const [found] = await scim.find('Users', `userName eq "${local.userName}"`)
    expect(found).toMatchObject({ id: local.id, emails: [{ value: local.email, type: 'work', primary: true }] })
    await scim.put(`/Users/${local.id}`, { ...found, externalId: 'theirs now' })
    expect(await booted.client.users.get(local.id)).toMatchObject({ source: 'scim', externalId: 'theirs now', email: local.email })
    const other = await booted.client.users.create({ userName: `other-${count}`, source: 'ldap' })
    for (const answer of [await scim.delete(`/Users/${other.id}`), await scim.put(`/Users/${other.id}`, { ...person(), active: false })]) {
      expect(answer).toMatchObject(error(403))
    }
    expect(await booted.client.users.get(other.id)).toEqual(other)
  })

  it('shows the address that people gave them here', async () => {
    const { id, userName } = await create({ emails: [{ value: `old-${count}@example.com`, type: 'work', display: 'Old' }] })
    await booted.client.users.update(id, { email: `new-${userName}@example.com` })
    expect((await scim.get(`/Users/${id}`)).body.emails).toEqual([{ value: `new-${userName}@example.com`, type: 'work', primary: true }])
  })

  it('is changed by all of a PATCH or nothing of it', async () => {
    const before = await create({ title: 'Countess' })
    const wrong = patchOf(
      { op: 'replace', path: 'title', value: 'x' },
      { op: 'replace', path: 'active', value: false },
      { op: 'replace', path: `${enterpriseUrn}:manager`, value: 'usr_000000000000' },
    )
    expect(await scim.patch(`/Users/${before.id}`, wrong)).toMatchObject(error(400, 'invalidValue'))
    expect((await scim.get(`/Users/${before.id}`)).body).toEqual(before)
    const tooMuch = patchOf(
      { op: 'replace', path: 'title', value: 'x' },
      { op: 'add', path: 'emails', value: Array.from({ length: 3000 }, (_, n) => ({ value: `${'x'.repeat(30)}${n}@example.com` })) },
    )
    expect(await scim.patch(`/Users/${before.id}`, tooMuch)).toMatchObject(error(413))
    expect((await scim.get(`/Users/${before.id}`)).body).toEqual(before)
  })

  it('has a name that follows its parts until it is given one', async () => {
    const { id } = await create({ name: { givenName: 'Ada', familyName: 'Byron' } })
    const rename = async (...operations: object[]) => (await scim.patch(`/Users/${id}`, patchOf(...operations))).body.displayName
    expect(await rename({ op: 'replace', path: 'name.familyName', value: 'Lovelace' })).toBe('Ada Lovelace')
    expect(await rename({ op: 'replace', path: 'displayName', value: 'The Countess' })).toBe('The Countess')
    expect(await rename({ op: 'replace', path: 'name.familyName', value: 'King' })).toBe('The Countess')
  })
})

describe('versions (RFC 7644, section 3.14)', () => {
  it('keep a client from overwriting what it has not seen', async () => {
    const { id, meta } = await create()
    const change = patchOf({ op: 'replace', path: 'title', value: 'x' })
    const { headers } = await scim.patch(`/Users/${id}`, change, { 'if-match': meta.version })
    const version = headers.get('etag') ?? ''
    expect(version).not.toBe(meta.version)
    const stale = { 'if-match': meta.version }
    expect(await scim.patch(`/Users/${id}`, change, stale)).toMatchObject(error(412))
    expect(await scim.put(`/Users/${id}`, person(), stale)).toMatchObject(error(412))
    expect(await scim.delete(`/Users/${id}`, stale)).toMatchObject(error(412))
    await booted.client.users.update(id, { displayName: 'By hand' })
    expect(await scim.delete(`/Users/${id}`, { 'if-match': version })).toMatchObject(error(412))
    expect((await scim.delete(`/Users/${id}`, { 'if-match': `"x", ${(await scim.get(`/Users/${id}`)).body.meta.version}` })).status).toBe(
      204,
    )
  })

  it('spare a client what it knows, and nothing that is new', async () => {
    const { id, meta } = await create()
    const known = { 'if-none-match': meta.version }
    expect(await scim.get(`/Users/${id}`, known)).toMatchObject({ status: 304, body: null })
    await createGroup({ members: [{ value: id }] })
    expect((await scim.get(`/Users/${id}`, known)).status).toBe(200)
    const group = await createGroup()
    expect((await scim.get(`/Groups/${group.id}`, { 'if-none-match': group.meta.version })).status).toBe(304)
    await scim.patch(`/Groups/${group.id}`, patchOf({ op: 'add', path: 'members', value: [{ value: id }] }))
    expect((await scim.get(`/Groups/${group.id}`, { 'if-none-match': group.meta.version })).status).toBe(200)
    expect(
      await scim.patch(`/Groups/${group.id}`, patchOf({ op: 'remove', path: 'members' }), { 'if-match': group.meta.version }),
    ).toMatchObject(error(412))
  })

  it('let nothing be lost where many write at once', async () => {
    const group = await createGroup()
    const users = await Promise.all(Array.from({ length: 8 }, () => create()))
    const answers = await Promise.all([
      ...users.map(({ id }) => scim.patch(`/Groups/${group.id}`, patchOf({ op: 'add', path: 'members', value: [{ value: id }] }))),
      ...users.map(({ id }, index) => scim.patch(`/Users/${id}`, patchOf({ op: 'add', path: 'title', value: `t${index}` }))),
      ...users.map(async ({ id }) => {
        // As often as it is tried again at most.
        for (let n = 1; n <= 4; n++) await booted.client.users.update(id, { displayName: `Number ${n}` })
      }),
    ])
    expect(answers.flatMap((answer) => answer?.status ?? []).sort()).toEqual([...Array(8).fill(200), ...Array(8).fill(204)])
    expect((await scim.get(`/Groups/${group.id}`)).body.members).toHaveLength(8)
    for (const [index, { id }] of users.entries()) {
      expect((await scim.get(`/Users/${id}`)).body).toMatchObject({ title: `t${index}`, displayName: 'Number 4' })
    }
  })
})

describe('a Group', () => {
  it('is made with members, renamed, filled, emptied and deleted', async () => {
    const [a, b] = [await create(), await create()]
    const { id, members, meta, displayName } = await createGroup({ externalId: 'g-1', members: [{ value: a.id }] })
    expect(members).toEqual([{ value: a.id, $ref: a.meta.location, display: a.displayName, type: 'User' }])
    expect(meta.resourceType).toBe('Group')
    expect((await scim.get(`/Users/${a.id}`)).body.groups).toEqual([
      { value: id, $ref: meta.location, display: displayName, type: 'direct' },
    ])
    const patch = async (...operations: object[]) => {
      expect(await scim.patch(`/Groups/${id}`, patchOf(...operations))).toMatchObject({ status: 204, body: null })
      return (await scim.get(`/Groups/${id}`)).body.members?.map(({ value }: { value: string }) => value) ?? []
    }
    expect(
      await patch({ op: 'Add', path: 'members', value: [{ value: b.id }] }, { op: 'replace', path: 'displayName', value: 'renamed' }),
    ).toEqual([a.id, b.id])
    expect((await booted.client.groups.get('renamed')).source).toBe('scim')
    expect(await patch({ op: 'remove', path: `members[value eq "${a.id}"]` })).toEqual([b.id])
    expect(
      await patch({ op: 'Remove', path: 'members', value: [{ value: b.id }] }, { op: 'add', path: 'members', value: [{ value: a.id }] }),
    ).toEqual([a.id])
    expect(await patch({ op: 'remove', path: `members[value eq "usr_000000000000"]` })).toEqual([a.id])
    expect(await patch({ op: 'replace', value: { id, members: [{ value: a.id }, { value: b.id }] } })).toEqual([a.id, b.id])
    expect(await patch({ op: 'remove', path: 'members[display pr]' })).toEqual([])
    const { body } = await scim.put(`/Groups/${id}`, { schemas: [groupUrn], displayName: 'renamed', members: [{ value: b.id }] })
    expect(body.members).toMatchObject([{ value: b.id }])
    const shown = await scim.patch(`/Groups/${id}?attributes=displayName`, patchOf({ op: 'remove', path: 'members' }))
    expect([shown.status, shown.body]).toEqual([200, { schemas: [groupUrn], id, displayName: 'renamed' }])
    expect((await scim.delete(`/Groups/${id}`)).status).toBe(204)
    expect(await scim.get(`/Groups/${id}`)).toMatchObject(error(404))
  })

  it('changes by all of a PATCH or nothing of it, and has no members who are not there', async () => {
    const { id } = await create()
    const group = await createGroup()
    for (const member of ['usr_000000000000', group.id, (await create()).userName]) {
      const wrong = patchOf(
        { op: 'add', path: 'members', value: [{ value: id }] },
        { op: 'replace', path: 'displayName', value: 'half' },
        { op: 'add', path: 'members', value: [{ value: member }] },
      )
      expect(await scim.patch(`/Groups/${group.id}`, wrong)).toMatchObject(error(400, 'invalidValue'))
      expect(
        await scim.put(`/Groups/${group.id}`, { schemas: [groupUrn], displayName: 'half', members: [{ value: member }] }),
      ).toMatchObject(error(400, 'invalidValue'))
      expect(await scim.post('/Groups', { schemas: [groupUrn], displayName: 'half', members: [{ value: member }] })).toMatchObject(
        error(400, 'invalidValue'),
      )
    }
    expect((await scim.get(`/Groups/${group.id}`)).body).toEqual(group)
    expect(await scim.find('Groups', 'displayName eq "half"')).toEqual([])
    expect(await scim.post('/Groups', { schemas: [groupUrn], displayName: group.displayName.toUpperCase() })).toMatchObject(
      error(409, 'uniqueness'),
    )
  })
})

describe('lists (RFC 7644, section 3.4.2)', () => {
  it('come in pages, with how many there are', async () => {
    const mark = `paged-${++count}`
    for (let n = 0; n < 7; n++) await create({ title: mark, displayName: `${(n * 3) % 7}` })
    const list = async (query: string) => (await scim.get(`/Users?filter=${encodeURIComponent(`title eq "${mark}"`)}&${query}`)).body
    const seen: string[] = []
    for (let startIndex = 1; startIndex <= 7; startIndex += 3) {
      const page = await list(`startIndex=${startIndex}&count=3`)
      expect(page).toMatchObject({ totalResults: 7, startIndex, itemsPerPage: Math.min(3, 8 - startIndex) })
      seen.push(...page.Resources.map(({ displayName }: { displayName: string }) => displayName))
    }
    expect(seen).toEqual(['0', '3', '6', '2', '5', '1', '4'])
    expect(await list('count=0')).toMatchObject({ totalResults: 7, itemsPerPage: 0, Resources: [] })
    expect(await list('startIndex=0&count=-4')).toMatchObject({ totalResults: 7, startIndex: 1, itemsPerPage: 0 })
    expect(await list('startIndex=100')).toMatchObject({ totalResults: 7, itemsPerPage: 0 })
    const sorted = await list('sortBy=displayName&sortOrder=descending&startIndex=2&count=3')
    expect(sorted.Resources.map(({ displayName }: { displayName: string }) => displayName)).toEqual(['5', '4', '3'])
  })

  it('have what was asked for of each', async () => {
    const { id, userName } = await create({
      name: { givenName: 'A', familyName: 'B' },
      emails: [{ value: `p${count}@example.com`, type: 'work' }],
    })
    const shown = async (query: string) => (await scim.get(`/Users/${id}?${query}`)).body
    expect(await shown('attributes=userName')).toEqual({ schemas: [userUrn], id, userName })
    expect(await shown('attributes=name.givenName,EMAILS.value,shoeSize')).toEqual({
      ...{ schemas: [userUrn], id, name: { givenName: 'A' } },
      emails: [{ value: expect.any(String) }],
    })
    expect(await shown('excludedAttributes=emails,name.givenName,id')).toMatchObject({ id, name: { familyName: 'B' } })
    expect(await shown('excludedAttributes=emails')).not.toHaveProperty('emails')
    const group = await createGroup({ members: [{ value: id }] })
    expect((await scim.get(`/Groups/${group.id}?excludedAttributes=members`)).body).not.toHaveProperty('members')
    const listed = await scim.get(`/Groups?excludedAttributes=members&filter=${encodeURIComponent(`members eq "${id}"`)}`)
    expect(listed.body.Resources).toEqual([expect.objectContaining({ id: group.id })])
    expect(listed.body.Resources[0]).not.toHaveProperty('members')
  })

  it('of users are found by any of their addresses, wherever it was given', async () => {
    const mark = `${++count}@addresses.example`
    const emails = ['a', 'b'].map((name) => ({ value: `${name}${mark}`, type: name === 'a' ? 'work' : 'home' }))
    const first = await create({ emails })
    const found = async (filter: string) => (await scim.find('Users', filter)).map(({ id }: { id: string }) => id)
    expect(await found(`emails.value eq "B${mark}"`)).toEqual([first.id])
    const second = await create({ emails: [{ value: `c${mark}` }, { value: `b${mark}` }] })
    const local = await booted.client.users.create({ userName: `local-${mark}`, email: `d${mark}` })
    expect((await found(`emails eq "b${mark}"`)).sort()).toEqual([first.id, second.id].sort())
    expect(await found(`emails[type eq "home"].value eq "b${mark}"`)).toEqual([first.id])
    expect(await found(`emails[type eq "work"].value eq "d${mark}"`)).toEqual([local.id])
    await scim.patch(`/Users/${first.id}`, patchOf({ op: 'remove', path: 'emails[type eq "home"]' }))
    expect(await found(`emails.value eq "b${mark}"`)).toEqual([second.id])
  })

  it('of groups are found by a member, who may not exist', async () => {
    const { id } = await create()
    const group = await createGroup({ members: [{ value: id }] })
    for (const filter of [`members.value eq "${id}"`, `members[value eq "${id}"]`, `id eq "${group.id}" and members eq "${id}"`]) {
      expect(await scim.find('Groups', filter)).toMatchObject([{ id: group.id, members: [{ value: id }] }])
    }
    for (const filter of [
      'members eq "usr_000000000000"',
      'members eq "x"',
      'id eq "x"',
      `id eq "${id}"`,
      `displayName eq "${'x'.repeat(300)}"`,
    ]) {
      expect(await scim.find('Groups', filter)).toEqual([])
    }
  })

  it('are found by POST, too (section 3.4.3)', async () => {
    const { id, userName } = await create()
    const search = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
      filter: `userName eq "${userName}"`,
      attributes: ['userName'],
      startIndex: 1,
      count: 5,
    }
    const { status, body } = await scim.post('/Users/.search', search)
    expect([status, body.Resources]).toEqual([200, [{ schemas: [userUrn], id, userName }]])
    expect(await scim.post('/Users/.search', { ...search, attributes: 'userName' })).toMatchObject(error(400, 'invalidValue'))
  })

  it.each([
    ['filter=userName%20eq', 'invalidFilter'],
    ['filter=(userName%20pr', 'invalidFilter'],
    ['filter=userName%20pr)', 'invalidFilter'],
    ['filter=shoeSize%20eq%20%2242%22', 'invalidFilter'],
    ['filter=', 'invalidFilter'],
    ['filter=id%20pr&filter=id%20pr', 'invalidValue'],
    ['count=many', 'invalidValue'],
    ['startIndex=1.5', 'invalidValue'],
    ['sortBy=shoeSize', 'invalidPath'],
    ['sortOrder=sideways', 'invalidValue'],
    ['attributes=id&excludedAttributes=id', 'invalidValue'],
  ])('with %s are refused', async (query, scimType) => {
    expect(await scim.get(`/Users?${query}`)).toMatchObject(error(400, scimType))
  })
})

describe('what is no SCIM', () => {
  it('is told so in its words', async () => {
    expect(await scim.get('/Robots')).toMatchObject(error(404))
    expect(await scim.send('POST', '/Users', 'userName=x', { 'content-type': 'application/x-www-form-urlencoded' })).toMatchObject(
      error(415),
    )
    expect(await scim.send('POST', '/Users', JSON.stringify(person({ title: 'x'.repeat(9 << 20) })))).toMatchObject(error(413))
    expect((await scim.send('POST', '/Users', person(), { 'content-type': 'application/json' })).status).toBe(201)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})
