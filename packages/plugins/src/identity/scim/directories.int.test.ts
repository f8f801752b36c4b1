import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { identityPlugin } from '../identity-plugin.ts'
import { enterpriseUrn, groupUrn, userUrn } from './schema/resource-schemas.ts'
import { patchOf, ScimClient } from './testing/scim-client.ts'

let booted: BootedPlugin
let scim: ScimClient
beforeAll(async () => {
  booted = await bootPlugin(identityPlugin, {
    scim: { tokens: ['okta', 'entra'] },
    roles: [{ group: 'Shop devs', project: 'shop', role: 'editor' }],
  })
}, 60_000)
afterAll(() => booted[Symbol.asyncDispose]())

const as = async (name: string) => new ScimClient(booted.client.url, (await booted.client.tokens.create({ name, scope: 'read' })).token)
const rolesOf = async (group: string) =>
  (await booted.client.roles.list({ group })).items.map(({ project, role, actor }) => [project, role, actor])

/** The requests of Okta's SCIM 2.0 reference, in the order of the life of a user and of a pushed group. */
it('does as Okta expects', async () => {
  scim = await as('okta')
  // When the integration is set up, and when users are imported.
  expect((await scim.get('/Users?startIndex=1&count=2')).body).toMatchObject({
    totalResults: 0,
    startIndex: 1,
    itemsPerPage: 0,
    Resources: [],
  })
  expect((await scim.get('/Groups?startIndex=1&count=100')).status).toBe(200)

  // A person is assigned: is there one of this name? No: make one.
  const byName = `/Users?filter=${encodeURIComponent('userName eq "test.user@okta.local"')}&startIndex=1&count=100`
  expect((await scim.get(byName)).body).toMatchObject({ totalResults: 0, Resources: [] })
  const user = {
    schemas: [userUrn],
    userName: 'test.user@okta.local',
    name: { givenName: 'Test', familyName: 'User' },
    emails: [{ primary: true, value: 'test.user@okta.local', type: 'work' }],
    displayName: 'Test User',
    locale: 'en-US',
    externalId: '00ujl29u0le5T6Aj10h7',
    groups: [],
    password: '1mz050nq',
    active: true,
  }
  const made = await scim.post('/Users', user)
  const { password: _, groups: __, ...kept } = user
  expect([made.status, made.body]).toEqual([201, { ...kept, id: expect.stringMatching(/^usr_/), meta: expect.anything() }])
  expect(await scim.post('/Users', user)).toMatchObject({ status: 409, body: { scimType: 'uniqueness' } })
  expect((await scim.get(byName)).body.Resources).toEqual([made.body])
  const { id } = made.body

  // The profile changes: what was read goes back, changed.
  const { body } = await scim.get(`/Users/${id}`)
  const put = await scim.put(`/Users/${id}`, { ...body, name: { givenName: 'Another', middleName: 'Excited', familyName: 'User' } })
  expect([put.status, put.body.name]).toEqual([200, { givenName: 'Another', middleName: 'Excited', familyName: 'User' }])

  // Groups are pushed.
  const group = await scim.post('/Groups', { schemas: [groupUrn], displayName: 'Test SCIMv2', members: [] })
  expect([group.status, group.body.displayName]).toEqual([201, 'Test SCIMv2'])
  const path = `/Groups/${group.body.id}`
  const members = async () => ((await scim.get(path)).body.members ?? []).map(({ value }: { value: string }) => value)
  const other = await scim.post('/Users', { ...user, userName: 'other@okta.local', emails: [], externalId: '00u2' })
  expect(
    (await scim.patch(path, patchOf({ op: 'add', path: 'members', value: [{ value: id, display: 'test.user@okta.local' }] }))).status,
  ).toBe(204)
  const swap = patchOf(
    { op: 'remove', path: `members[value eq "${id}"]` },
    { op: 'add', path: 'members', value: [{ value: other.body.id, display: 'other@okta.local' }] },
  )
  expect((await scim.patch(path, swap)).status).toBe(204)
  expect(await members()).toEqual([other.body.id])
  const full = [id, other.body.id]
  await scim.patch(path, patchOf({ op: 'replace', path: 'members', value: full.map((value) => ({ value, display: 'x' })) }))
  expect(await members()).toEqual(full)
  await scim.patch(path, patchOf({ op: 'replace', value: { id: group.body.id, displayName: 'Shop devs' } }))
  expect(await members()).toEqual(full)
  await booted.settled()
  expect(await rolesOf('Shop devs')).toEqual([['shop', 'editor', 'plugin:identity']])

  // They leave, by PATCH from the catalog and by PUT from integrations of one's own; and come back.
  const off = await scim.patch(`/Users/${id}`, patchOf({ op: 'replace', value: { active: false } }))
  expect([off.status, off.body.active, (await booted.client.users.get(id)).active]).toEqual([200, false, false])
  expect((await scim.get(byName)).body.Resources).toMatchObject([{ id, active: false }])
  const on = await scim.put(`/Users/${id}`, { ...off.body, active: true })
  expect([on.status, on.body.active]).toEqual([200, true])
  expect((await scim.put(`/Users/${id}`, { ...on.body, active: false })).body.active).toBe(false)

  // An empty group is pushed, then unlinked.
  await scim.patch(path, patchOf({ op: 'replace', path: 'members', value: [] }))
  expect(await members()).toEqual([])
  expect((await scim.delete(path)).status).toBe(204)
  expect((await scim.get(path)).status).toBe(404)
})

/** The requests of Microsoft's tutorial for developers of SCIM endpoints, and what its page on compliance says that Entra sends besides. */
it('does as Entra expects', async () => {
  scim = await as('entra')
  // Test Connection: a person who can't be there.
  const nobody = `/Users?filter=${encodeURIComponent(`userName eq "${crypto.randomUUID()}"`)}`
  expect(await scim.get(nobody)).toMatchObject({ status: 200, body: { totalResults: 0, Resources: [] } })
  expect((await scim.get('/Schemas')).body.schemas).toEqual(['urn:ietf:params:scim:api:messages:2.0:ListResponse'])

  const boss = await scim.post('/Users', { schemas: [userUrn], userName: 'Boss@testuser.com', externalId: 'boss' })
  const made = await scim.post('/Users', {
    schemas: [userUrn, enterpriseUrn],
    externalId: '0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef',
    userName: 'Test_User_00aa@testuser.com',
    active: true,
    addresses: [{ type: 'work', streetAddress: 'x', primary: true }],
    emails: [{ primary: true, type: 'work', value: 'Test_User_11bb@testuser.com' }],
    meta: { resourceType: 'User' },
    name: { formatted: 'givenName familyName', familyName: 'familyName', givenName: 'givenName' },
    roles: [],
    [enterpriseUrn]: { employeeNumber: '7', department: 'x' },
  })
  expect([made.status, made.body.userName, made.body.displayName]).toEqual([201, 'Test_User_00aa@testuser.com', 'givenName familyName'])
  const path = `/Users/${made.body.id}`

  // Found in another case, and by what is unique besides.
  for (const filter of [
    'userName eq "TEST_USER_00AA@testuser.com"',
    'externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"',
    'emails[type eq "work"].value eq "test_user_11bb@testuser.com"',
    'userName eq "test_user_00aa@testuser.com" and active eq "True"',
  ]) {
    expect(await scim.find('Users', filter)).toMatchObject([{ id: made.body.id }])
  }

  // As it writes it of old …
  const old = await scim.patch(
    path,
    patchOf(
      { op: 'Replace', path: 'displayName', value: 'Pvlo' },
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'TestBcwqnm@test.microsoft.com' },
      { op: 'Add', path: 'emails[type eq "other"].value', value: 'Other@test.microsoft.com' },
      { op: 'Add', path: 'phoneNumbers[type eq "work"].value', value: '1' },
      { op: 'Replace', path: 'name.givenName', value: 'Gtfd' },
      { op: 'Replace', path: 'externalId', value: 'Eqpj' },
      { op: 'Add', path: 'nickName', value: 'Babs' },
      { op: 'Replace', path: `${enterpriseUrn}:employeeNumber`, value: '8' },
      { op: 'Add', path: `${enterpriseUrn}:manager`, value: boss.body.id },
      { op: 'Replace', path: 'userName', value: '5b50642d@testuser.com' },
    ),
  )
  expect([old.status, old.body]).toMatchObject([
    200,
    {
      displayName: 'Pvlo',
      externalId: 'Eqpj',
      nickName: 'Babs',
      userName: '5b50642d@testuser.com',
      emails: [
        { type: 'work', value: 'TestBcwqnm@test.microsoft.com', primary: true },
        { type: 'other', value: 'Other@test.microsoft.com' },
      ],
      name: { givenName: 'Gtfd', familyName: 'familyName' },
      [enterpriseUrn]: { employeeNumber: '8', department: 'x', manager: { value: boss.body.id } },
    },
  ])
  expect((await booted.client.users.get(made.body.id)).manager?.userName).toBe('Boss@testuser.com')
  // … and with aadOptscim062020.
  const compliant = await scim.patch(
    path,
    patchOf(
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'TestMhvaes@test.microsoft.com' },
      {
        op: 'replace',
        value: { displayName: 'Bjfe', 'name.givenName': 'Kkom', 'name.familyName': 'Unua', [`${enterpriseUrn}:employeeNumber`]: '9' },
      },
      { op: 'remove', path: `${enterpriseUrn}:manager` },
    ),
  )
  expect(compliant.body).toMatchObject({ displayName: 'Bjfe', name: { givenName: 'Kkom', familyName: 'Unua' } })
  expect(compliant.body[enterpriseUrn]).toEqual({ employeeNumber: '9', department: 'x' })

  for (const value of ['False', false]) {
    expect((await scim.patch(path, patchOf({ op: 'Replace', path: 'active', value }))).body.active).toBe(false)
    expect(await scim.find('Users', 'userName eq "5b50642d@testuser.com"')).toMatchObject([{ active: false }])
    expect((await scim.patch(path, patchOf({ op: 'Replace', path: 'active', value: 'True' }))).body.active).toBe(true)
  }

  // Groups, without their members in any answer.
  const group = await scim.post('/Groups', {
    schemas: [groupUrn, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
    externalId: '8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159',
    displayName: 'displayName',
    meta: { resourceType: 'Group' },
  })
  expect(group.status).toBe(201)
  const groupPath = `/Groups/${group.body.id}`
  const send = async (operation: object) =>
    expect(await scim.patch(groupPath, patchOf(operation))).toMatchObject({ status: 204, body: null })
  await send({ op: 'Replace', path: 'displayName', value: 'updatedDisplayName' })
  await send({ op: 'Add', path: 'members', value: [{ $ref: null, value: made.body.id }] })
  const found = await scim.get(`/Groups?excludedAttributes=members&filter=${encodeURIComponent('displayName eq "UPDATEDdisplayName"')}`)
  expect(found.body.Resources).toEqual([
    {
      schemas: [groupUrn],
      id: group.body.id,
      externalId: '8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159',
      displayName: 'updatedDisplayName',
      meta: expect.anything(),
    },
  ])
  expect(await scim.find('Groups', `id eq "${group.body.id}" and members eq "${made.body.id}"`)).toHaveLength(1)
  await send({ op: 'Remove', path: 'members', value: [{ $ref: null, value: made.body.id }] })
  expect(await scim.find('Groups', `id eq "${group.body.id}" and members eq "${made.body.id}"`)).toEqual([])
  await send({ op: 'add', path: 'members', value: [{ value: made.body.id }] })
  await send({ op: 'remove', path: `members[value eq "${made.body.id}"]` })
  expect((await scim.get(`${groupPath}?excludedAttributes=members`)).status).toBe(200)
  expect((await scim.delete(groupPath)).status).toBe(204)

  // Thirty days after they left.
  expect((await scim.delete(path)).status).toBe(204)
  expect((await scim.get(path)).status).toBe(404)
  expect((await scim.delete(path)).status).toBe(404)
  expect(await scim.find('Users', 'userName eq "5b50642d@testuser.com"')).toEqual([])
})

it('gives roles as the configuration says, and takes back those alone that it gave', async () => {
  const { client } = booted
  const group = await client.groups.create({ displayName: 'SHOP DEVS' })
  await booted.settled()
  expect(await rolesOf(group.id)).toEqual([['shop', 'editor', 'plugin:identity']])
  await client.roles.grant({ group: group.id, project: 'till', role: 'viewer' })
  await client.groups.update(group.id, { displayName: 'Former shop devs' })
  await booted.settled()
  expect(await rolesOf(group.id)).toEqual([['till', 'viewer', 'token:admin']])
})
