import { Value } from 'typebox/value'
import { expect, it } from 'vitest'
import { type ScriptedEntry, type ScriptedPage, ScriptedServer } from './fixtures/scripted-server.ts'
import { LdapConfig } from './ldap-config.ts'
import { LdapSource } from './ldap-source.ts'

const { signal } = new AbortController()
const guid = Buffer.from('33221100554477668899aabbccddeeff', 'hex')
const entry = (n: number): ScriptedEntry => ({
  dn: `CN=P${n},OU=Staff,DC=example,DC=com`,
  attributes: {
    objectGUID: [Buffer.concat([guid.subarray(0, 15), Buffer.from([n])])],
    sAMAccountName: [`p${n}`],
    userAccountControl: [n === 3 ? '66050' : '512'],
    manager: ['CN=P1,OU=Staff,DC=example,DC=com'],
  },
})
const configOf = (config: object) => Value.Decode(LdapConfig, Value.Default(LdapConfig, { id: 'ad', ...config }))
const read = async (pages: ConstructorParameters<typeof ScriptedServer>[0], more: object = {}) => {
  await using server = new ScriptedServer(pages)
  const config = {
    url: await server.start(),
    people: {
      base: 'DC=example,DC=com',
      filter: '(&(objectCategory=person)(objectClass=user))',
      attributes: { id: 'objectGUID', userName: 'sAMAccountName', manager: 'manager' },
      disabled: { attribute: 'userAccountControl', bit: 2 },
    },
    ...more,
  }
  return await new LdapSource(configOf(config)).read(signal)
}

it('goes on after an empty page that is not the last one (RFC 2696, section 3)', async () => {
  const { people } = await read([
    { entries: [entry(1)], hasMore: true },
    { entries: [], hasMore: true },
    { entries: [entry(2)], hasMore: true },
    { entries: [], hasMore: false },
  ])
  expect(people.map(({ userName }) => userName)).toEqual(['p1', 'p2'])
})

it('writes the objectGUID of Active Directory as that does, and knows its disabled accounts and its chief who manages themself', async () => {
  const { people } = await read([{ entries: [entry(1), entry(3)], hasMore: false }])
  expect(people.map(({ id }) => id)).toEqual(['00112233-4455-6677-8899-aabbccddee01', '00112233-4455-6677-8899-aabbccddee03'])
  expect(people.map(({ active }) => active)).toEqual([true, false])
  expect(people.map(({ manager }) => manager)).toEqual([people[0]?.id, people[0]?.id])
})

const groups = { base: 'DC=example,DC=com', filter: '(objectClass=group)', attributes: { id: 'objectGUID' } }
const staff = (attributes: ScriptedEntry['attributes']): ScriptedEntry => ({
  dn: 'CN=Staff,DC=example,DC=com',
  attributes: { objectGUID: [guid], cn: ['Staff'], ...attributes },
})
const last = (...entries: readonly ScriptedEntry[]): ScriptedPage => ({ entries, hasMore: false })
const dnOf = (n: number) => entry(n).dn

it('asks for members by the range where there are more than are given at once (MS-ADTS, section 3.1.1.3.1.3.3)', async () => {
  const { groups: found } = await read(
    [
      last(...[1, 2, 3, 4, 5].map(entry)),
      last(staff({ member: [], 'member;range=0-1': [dnOf(1), dnOf(2)] })),
      last(staff({ 'member;range=2-3': [dnOf(3), dnOf(4)] })),
      last(staff({ 'member;range=4-*': [dnOf(5)] })),
    ],
    { groups },
  )
  expect(found?.[0]?.members.size).toBe(5)
})

it('has nothing where the rest of the members is not given', async () => {
  const begin = [last(entry(1)), last(staff({ 'member;range=0-0': [dnOf(1)] }))]
  const fault = /CN=Staff,DC=example,DC=com: the server gives 1 values of member, and does not come to their end$/
  await expect(read([...begin, last(staff({}))], { groups })).rejects.toThrow(fault)
  await expect(read([...begin, last(staff({ 'member;range=0-0': [dnOf(1)] }))], { groups })).rejects.toThrow(fault)
  await expect(read([...begin, { ...last(), code: 32 }], { groups })).rejects.toThrow(/there is no such entry/)
})

it('reads groups of people by the range as well', async () => {
  const member = { ...entry(1), attributes: { ...entry(1).attributes, 'memberOf;range=0-0': ['CN=Other,DC=example,DC=com'] } }
  const rest = { dn: dnOf(1), attributes: { 'memberOf;range=1-*': [staff({}).dn] } }
  const { groups: found } = await read([last(member), last(rest), last(staff({}))], { groups: { ...groups, members: 'memberOf' } })
  expect(found?.[0]?.members.size).toBe(1)
})

it('has nothing where the server refers to another one for a part, but for those of Active Directory that nobody is in', async () => {
  const ours = [
    'ldap://ForestDnsZones.example.com/DC=ForestDnsZones,DC=example,DC=com',
    'ldap://example.com/CN=Configuration,DC=example,DC=com',
  ]
  const page = { entries: [entry(1)], hasMore: false }
  expect((await read([{ ...page, references: ours }])).people).toHaveLength(1)
  const child = 'ldap://child.example.com/DC=child,DC=example,DC=com'
  await expect(read([{ ...page, references: [...ours, child] }])).rejects.toThrow(
    `the server refers to ${child} for a part of it, which is not followed: look at \`base\``,
  )
  await expect(read([{ entries: [], hasMore: false, code: 10 }])).rejects.toThrow(/the server refers to another one, which is not followed/)
})

it('ends where the pages do not: the same ones again, or none for ever', async () => {
  for (const entries of [[entry(1), entry(2)], []]) {
    await expect(read(() => ({ entries, hasMore: true }))).rejects.toThrow(
      /ends after [02] entries: the pages of the server come to no end$/,
    )
  }
})

it('does not take anybody for let in where nobody shows whether they are', async () => {
  const { userAccountControl: _, ...attributes } = entry(1).attributes
  await expect(read([last({ ...entry(1), attributes })])).rejects.toThrow(/^ad: nobody has userAccountControl, by which it would be known/)
})

it('says of those who have one id in common that they have, and reads the others', async () => {
  const twin = { ...entry(1), dn: 'CN=Twin,OU=Staff,DC=example,DC=com' }
  const { people, unusable } = await read([last(entry(1), twin, entry(2))])
  expect(people.map(({ userName }) => userName)).toEqual(['p2'])
  expect(unusable).toEqual([
    {
      id: '00112233-4455-6677-8899-aabbccddee01',
      message: expect.stringMatching(
        /^CN=P1,.* and CN=Twin,.* have the same objectGUID .*: they stay as they were until it is one's alone$/,
      ),
    },
  ])
})

it('tells ids apart that are no text', async () => {
  const sid = (last: number) => Buffer.from([1, 5, 0, 0, 0, 0, 0, 5, 0x90, 0x91, 0x92, last])
  const of = (n: number) => ({ ...entry(n), attributes: { ...entry(n).attributes, objectSid: [sid(0x80 + n)] } })
  const people = {
    base: 'DC=example,DC=com',
    attributes: { id: 'objectSid', userName: 'sAMAccountName' },
  }
  const found = await read([last(of(1), of(2))], { people })
  expect(found.people.map(({ id }) => id)).toEqual(['010500000000000590919281', '010500000000000590919282'])
})

it('leaves out what ought to be text and is none, and prefers values without options', async () => {
  const odd = { ...entry(1).attributes, cn: [Buffer.from('M\xfcller', 'latin1')], mail: [Buffer.from([0xff])] }
  const more = { ...entry(2).attributes, 'cn;lang-ja': ['山田'], cn: ['Yamada'] }
  const { people } = await read([last({ dn: dnOf(1), attributes: odd }, { dn: dnOf(2), attributes: more })])
  expect(people.map(({ displayName, email }) => [displayName, email])).toEqual([
    ['p1', null],
    ['Yamada', null],
  ])
})

it('gives out rows in the order of names, so that they are the same as long as people are, and octets as Base64', async () => {
  const photo = Buffer.from([0xff, 0xd8, 0])
  const withPhoto = { ...entry(1), attributes: { ...entry(1).attributes, thumbnailPhoto: [photo] } }
  await using server = new ScriptedServer([last(entry(2), withPhoto, entry(3)), last()])
  const people = {
    base: 'DC=example,DC=com',
    export: ['sAMAccountName', 'thumbnailPhoto'],
    disabled: { attribute: 'userAccountControl', bit: 2 },
  }
  const source = new LdapSource(configOf({ url: await server.start(), people }))
  expect(await source.rows(source.exported, signal)).toEqual([
    ['p1', photo.toString('base64')],
    ['p2', ''],
  ])
  await expect(source.rows(source.exported, signal)).rejects.toThrow(/^ad: nobody below DC=example,DC=com fits/)
})
