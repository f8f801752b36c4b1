import { Attribute, Change } from 'ldapts'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkLdap } from './check-ldap.ts'
import { hasSlapd, reader, Slapd, suffix } from './fixtures/slapd.ts'
import { LdapConfig } from './ldap-config.ts'
import { LdapSource } from './ldap-source.ts'

const person = (uid: string) => `dn: uid=${uid},ou=people,${suffix}\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn: ${uid}\nsn: ${uid}\n`
const people = ['ada', 'ben', 'cai', 'dan', 'eve']
const at = (name: string, below = `ou=groups,${suffix}`) => `cn=${name},${below}`
const one = (uid: string) => `uid=${uid},ou=people,${suffix}`
/** `sre` has the whole company in it again; the contractors are not below `groups.base`. */
const groups: Record<string, string[]> = {
  [at('sre')]: [one('ada'), at('company')],
  [at('engineering')]: [one('ben'), at('sre'), at('contractors', `ou=people,${suffix}`)],
  [at('sales')]: [one('cai')],
  [at('company')]: [at('engineering'), at('sales').toUpperCase(), one('dan')],
  [at('contractors', `ou=people,${suffix}`)]: [one('eve')],
}

describe.skipIf(!hasSlapd)('groups in groups, of a real OpenLDAP server', () => {
  let slapd: Slapd

  beforeAll(async () => {
    slapd = await new Slapd({ ldif: people.map(person).join('\n') }).start()
    // By a client, and what is there already: so the overlay keeps `memberOf`, of groups too.
    await slapd.change(async (client) => {
      const isPerson = (dn: string) => dn.startsWith('uid=')
      for (const [dn, all] of Object.entries(groups)) {
        await client.add(dn, { objectClass: 'groupOfNames', member: all.filter(isPerson).concat(one('nobody')) })
      }
      for (const [dn, all] of Object.entries(groups)) {
        const values = all.filter((each) => !isPerson(each))
        if (values.length === 0) continue
        await client.modify(dn, new Change({ operation: 'add', modification: new Attribute({ type: 'member', values }) }))
      }
    })
  }, 60_000)
  afterAll(() => slapd[Symbol.asyncDispose]())

  const configOf = (more: object) =>
    Value.Decode(
      LdapConfig,
      Value.Default(LdapConfig, {
        id: 'corp',
        url: slapd.url,
        bind: { dn: reader.dn, passwordFile: slapd.file('password', reader.password) },
        people: { base: `ou=people,${suffix}` },
        groups: { base: `ou=groups,${suffix}`, ...more },
      }),
    )
  const membersBy = async (more: object): Promise<Record<string, string[]>> => {
    const read = await new LdapSource(configOf(more)).read(new AbortController().signal)
    const names = new Map(read.people.map(({ id, userName }) => [id, userName]))
    const found = (read.groups ?? []).map(({ displayName, members }) => [displayName, [...members].map((id) => names.get(id)).sort()])
    return Object.fromEntries(found)
  }

  it.each(['member', 'memberOf'])('counts who is in them, however deep, also where they go round in a circle: %s', async (members) => {
    const all = ['ada', 'ben', 'cai', 'dan']
    expect(await membersBy({ members, nested: true })).toEqual({ sre: all, engineering: all, sales: ['cai'], company: all })
  })

  it.each(['member', 'memberOf'])('leaves them out unless it is told to: %s', async (members) => {
    expect(await membersBy({ members })).toEqual({ sre: ['ada'], engineering: ['ben'], sales: ['cai'], company: ['dan'] })
  })

  it('says that memberUid has no groups in it', () => {
    expect(checkLdap(configOf({ members: 'memberUid', nested: true }))).toEqual([
      { path: '/groups/nested', message: 'asks for groups in groups, and `memberUid` names people alone: leave it out' },
    ])
  })
})
