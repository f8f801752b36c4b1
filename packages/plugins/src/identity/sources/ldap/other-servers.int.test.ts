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
const read = async (pages: readonly ScriptedPage[], more: object = {}) => {
  await using server = new ScriptedServer(pages)
  const config = {
    id: 'ad',
    url: await server.start(),
    people: {
      base: 'DC=example,DC=com',
      filter: '(&(objectCategory=person)(objectClass=user))',
      attributes: { id: 'objectGUID', userName: 'sAMAccountName', manager: 'manager' },
      disabled: { attribute: 'userAccountControl', bit: 2 },
    },
    ...more,
  }
  return await new LdapSource(Value.Decode(LdapConfig, Value.Default(LdapConfig, config))).read(signal)
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

it('takes a group whose members were cut short for no group (Active Directory gives 1,500 of them at once)', async () => {
  const member = entry(1).dn
  const staff = {
    dn: 'CN=Staff,DC=example,DC=com',
    attributes: { objectGUID: [guid], cn: ['Staff'], 'member;range=0-0': [member], member: [] },
  }
  const groups = { base: 'DC=example,DC=com', filter: '(objectClass=group)', attributes: { id: 'objectGUID' } }
  const pages = [
    { entries: [entry(1)], hasMore: false },
    { entries: [staff], hasMore: false },
  ]
  await expect(read(pages, { groups })).rejects.toThrow(/gives only some of the members of CN=Staff.*`memberOf`/)
})
