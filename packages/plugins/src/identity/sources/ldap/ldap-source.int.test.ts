import { Control } from 'ldapts'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SourceFailure } from '../directory.ts'
import { CuttingProxy } from './fixtures/cutting-proxy.ts'
import { hasSlapd, hasty, limited, reader, Slapd, suffix } from './fixtures/slapd.ts'
import { LdapConfig } from './ldap-config.ts'
import { LdapSource } from './ldap-source.ts'

const many = 1_200
const dnOf = (n: number) => `uid=p${n},ou=people,${suffix}`
const person = (n: number, more = '') =>
  `dn: ${dnOf(n)}\nobjectClass: inetOrgPerson\nuid: p${n}\ncn: Person ${n}\nsn: ${n}\nmail: p${n}@example.com\n${more}`
const odd = `dn: cn=Lopez\\, Ada\\+Co,ou=people,${suffix}
objectClass: inetOrgPerson
uid: ada
cn: Lopez, Ada+Co
sn: López
displayName:: TMOzcGV6LCBBZGE=
mail: ada@example.com
manager: UID=P1 , OU=People,DC=example , dc=COM
`
const disabled = `dn: uid=off,ou=people,${suffix}
objectClass: inetOrgPerson
uid: off
cn: Off
sn: Off
employeeType: 514
`
const ldif = [
  ...Array.from({ length: many }, (_, n) =>
    person(n, n === 2 ? `manager: ${dnOf(1)}\n` : n === 3 ? `manager: uid=nobody,${suffix}\n` : ''),
  ),
  odd,
  disabled,
  `dn: cn=testers,ou=groups,${suffix}
objectClass: groupOfNames
cn: testers
member: CN=lopez\\2c Ada\\2bco,ou=people,${suffix}
member: ${dnOf(7)}
member: cn=nested,ou=groups,${suffix}
`,
  `dn: cn=nested,ou=groups,${suffix}\nobjectClass: groupOfNames\ncn: nested\nmember: ${dnOf(8)}\n`,
  `dn: cn=unique,ou=groups,${suffix}\nobjectClass: groupOfUniqueNames\ncn: unique\nuniqueMember: ${dnOf(9)}\nuniqueMember: ${dnOf(10)}#'0101'B\n`,
  `dn: cn=posix,ou=groups,${suffix}\nobjectClass: posixGroup\ncn: posix\ngidNumber: 100\nmemberUid: p11\nmemberUid: ADA\n`,
].join('\n')

describe.skipIf(!hasSlapd)('LdapSource, of a real OpenLDAP server', { timeout: 60_000 }, () => {
  let slapd: Slapd
  let passwordFile: string
  const signal = new AbortController().signal

  beforeAll(async () => {
    slapd = await new Slapd({ ldif }).start()
    passwordFile = slapd.file('password', `${reader.password}\n`)
  }, 60_000)
  afterAll(() => slapd[Symbol.asyncDispose]())

  const source = (more: object = {}, people: object = {}) => {
    const config = {
      id: 'corp',
      url: slapd.url,
      bind: { dn: reader.dn, passwordFile },
      people: { base: `ou=people,${suffix}`, ...people },
      ...more,
    }
    return new LdapSource(Value.Decode(LdapConfig, Value.Default(LdapConfig, config)))
  }
  const groups = (members: string, objectClass = 'groupOfNames') => ({
    groups: { base: `ou=groups,${suffix}`, filter: `(objectClass=${objectClass})`, members },
  })
  const failure = async (from: LdapSource): Promise<string> => {
    const error = await from.read(signal).then(
      () => new Error('it was read'),
      (cause: unknown) => cause,
    )
    expect(error).toBeInstanceOf(SourceFailure)
    return (error as Error).message
  }
  const membersOf = async (from: LdapSource, name: string) => {
    const { people, groups: found } = await from.read(signal)
    const members = found?.find(({ displayName }) => displayName === name)?.members ?? new Set()
    return people.filter(({ id }) => members.has(id)).map(({ userName }) => userName)
  }

  it('reads everybody, whatever the size of a page (RFC 2696)', async () => {
    for (const pageSize of [101, 601, many + 2, 10_000]) {
      const { people, unusable } = await source({ pageSize }).read(signal)
      expect([people.length, new Set(people.map(({ id }) => id)).size, unusable]).toEqual([many + 2, many + 2, []])
    }
  })

  it('knows people by their entryUUID, with names as they are written', async () => {
    const { people } = await source({}, { attributes: { displayName: 'displayName' } }).read(signal)
    expect(people.find(({ userName }) => userName === 'ada')).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      displayName: 'López, Ada',
      email: 'ada@example.com',
      active: true,
      manager: undefined,
    })
    expect(people.find(({ userName }) => userName === 'p5')?.displayName).toBe('p5')
  })

  it('finds the manager behind a DN, however it is written (RFC 4514, section 2)', async () => {
    const { people } = await source({}, { attributes: { manager: 'manager' } }).read(signal)
    const of = (name: string) => people.find(({ userName }) => userName === name)
    expect(of('p2')?.manager).toBe(of('p1')?.id)
    expect(of('ada')?.manager).toBe(of('p1')?.id)
    expect([of('p3')?.manager, of('p4')?.manager]).toEqual([undefined, null])
  })

  it('tells who may not sign in', async () => {
    const active = async (how: object) => {
      const { people } = await source({}, { disabled: how }).read(signal)
      return people.filter((each) => !each.active).map(({ userName }) => userName)
    }
    expect(await active({ attribute: 'employeeType', bit: 2 })).toEqual(['off'])
    expect(await active({ attribute: 'employeeType', bit: 4 })).toEqual([])
    expect(await active({ attribute: 'employeeType' })).toEqual(['off'])
    expect(await active({ attribute: 'uid', value: 'OFF' })).toEqual(['off'])
  })

  it('reads groups by member, uniqueMember, memberUid and memberOf; groups within groups are left out', async () => {
    expect(await membersOf(source(groups('member')), 'testers')).toEqual(['p7', 'ada'])
    expect(await membersOf(source(groups('uniqueMember', 'groupOfUniqueNames')), 'unique')).toEqual(['p9', 'p10'])
    expect(await membersOf(source(groups('memberUid', 'posixGroup')), 'posix')).toEqual(['p11', 'ada'])
    await slapd.change(async (client) => {
      const { Attribute, Change } = await import('ldapts')
      const modification = new Attribute({ type: 'member', values: [dnOf(12)] })
      await client.modify(`cn=testers,ou=groups,${suffix}`, new Change({ operation: 'add', modification }))
    })
    expect(await membersOf(source(groups('memberOf')), 'testers')).toEqual(['p12'])
  })

  it('goes over TLS, from the first octet or begun later (RFC 4511, section 4.14), and trusts nobody else', async () => {
    const { caFile, url, secureUrl } = slapd
    for (const way of [
      { url: secureUrl, caFile },
      { url, startTls: true, caFile },
    ]) {
      expect((await source(way).read(signal)).people).toHaveLength(many + 2)
    }
    for (const way of [{ url: secureUrl }, { url, startTls: true }]) {
      expect(await failure(source(way))).toMatch(/can not (bind|begin TLS).*(self-signed|unable to verify|certificate)/)
      const elsewhere = way.url.replace('127.0.0.1', 'localhost')
      expect(await failure(source({ ...way, url: elsewhere, caFile }))).toMatch(
        /can not (bind|begin TLS).*Host: localhost. is not (in the )?cert/,
      )
    }
  })

  it.each(['plain', 'secure'])('has nothing where the connection is dropped in mid-page (%s)', async (kind) => {
    await using proxy = new CuttingProxy(kind === 'plain' ? slapd.port : slapd.securePort)
    const url = `${kind === 'plain' ? 'ldap' : 'ldaps'}://${await proxy.start()}`
    const from = source({ url, pageSize: 250, ...(kind === 'plain' ? {} : { caFile: slapd.caFile }) })
    expect((await from.read(signal)).people).toHaveLength(many + 2)
    const all = proxy.brought
    for (const share of [0.2, 0.5, 0.8, 0.999]) {
      proxy.most = Math.floor(all * share)
      expect(await failure(from)).toMatch(
        /^corp: ldaps?:\/\/127.*the search below .* ends after \d+ entries: the server dropped the connection$/,
      )
    }
    proxy.most = 10
    expect(await failure(from)).toMatch(/the server dropped the connection$/)
  })

  it('has nothing where the connection is dropped after TLS was begun, and never sends the password in the clear', async () => {
    await using proxy = new CuttingProxy(slapd.port)
    const from = source({ url: `ldap://${await proxy.start()}`, startTls: true, caFile: slapd.caFile })
    await from.read(signal)
    const all = proxy.brought
    // With which the server takes its leave of TLS, 24 octets, may be among them or not.
    for (const most of [10, 14, 100, 1_000, 1_200, 1_500, Math.floor(all / 2), all - 40]) {
      proxy.most = most
      expect(await failure(from)).toMatch(/the server dropped the connection$/)
    }
    expect(proxy.sent.length).toBeGreaterThan(1_000)
    expect(proxy.sent.includes(reader.password)).toBe(false)
  })

  it('has nothing where a part of the tree is on another server', async () => {
    const far = `ou=far,ou=people,${suffix}`
    const url = `ldap://far.example.com/${far}`
    const asItIs = new Control('2.16.840.1.113730.3.4.2')
    await slapd.change((client) => client.add(far, { objectClass: ['referral', 'extensibleObject'], ou: 'far', ref: url }))
    expect(await failure(source())).toMatch(/the server refers to ldap:\/\/far\.example\.com\/.* which is not followed: look at `base`/)
    expect(await failure(source({}, { base: far }))).toMatch(/the server refers to another one, which is not followed/)
    await slapd.change((client) => client.del(far, asItIs))
    expect((await source().read(signal)).people).toHaveLength(many + 2)
  })

  it('says that pages are too large for the server, and has everybody with smaller ones', async () => {
    const bind = { dn: hasty.dn, passwordFile: slapd.file('hasty', hasty.password) }
    expect(await failure(source({ bind }))).toMatch(/or lower `pageSize` \(it says: illegal pagedResults page size\)$/)
    expect((await source({ bind, pageSize: 100 }).read(signal)).people).toHaveLength(many + 2)
  })

  it('has nothing where the server gives no more than so many entries', async () => {
    const file = slapd.file('limited', limited.password)
    expect(await failure(source({ bind: { dn: limited.dn, passwordFile: file } }))).toMatch(
      /the server gives no more than so many entries: let this account read all of them/,
    )
  })

  it('says which setting is wrong', async () => {
    expect(await failure(source({ bind: { dn: reader.dn, passwordFile: slapd.file('wrong', 'guess') } }))).toBe(
      `corp: ${slapd.url}: can not bind as ${reader.dn}: the DN or the password is wrong: look at \`bind\``,
    )
    const open = slapd.file('open', reader.password, 0o644)
    expect(await failure(source({ bind: { dn: reader.dn, passwordFile: open } }))).toBe(
      `corp: the bind password in ${open} can be read by others: chmod 600 ${open}`,
    )
    expect(await failure(source({ bind: { dn: reader.dn, passwordFile: slapd.file('empty', '\n') } }))).toMatch(/is empty$/)
    expect(await failure(source({ bind: { dn: reader.dn, passwordFile: '/nowhere' } }))).toMatch(/can not be read from \/nowhere: ENOENT$/)
    expect(await failure(source({}, { base: `ou=persons,${suffix}` }))).toMatch(
      /the search below ou=persons,dc=example,dc=com ends after 0 entries: there is no such entry, .*look at `base`$/,
    )
    expect(await failure(source({}, { base: 'people' }))).toMatch(/that is no DN/)
    expect(await failure(source({}, { attributes: { email: 'emailAdress' } }))).toBe(
      'corp: the server knows no attribute emailAdress: look at people.attributes.email',
    )
    expect(await failure(source({}, { filter: '(&(uid=*)(memberrOf=x))' }))).toMatch(/knows no attribute memberrOf: look at people.filter/)
    expect(await failure(source({}, { filter: '(uid=nobody)' }))).toMatch(/^corp: nobody below ou=people,.* fits \(uid=nobody\)/)
    expect(await failure(source({ url: 'ldap://127.0.0.1:1' }))).toMatch(/the server can not be reached: ECONNREFUSED$/)
    expect(await failure(source({ url: 'ldap://127.0.0.1:1', startTls: true }))).toMatch(/can not be reached: ECONNREFUSED$/)
    expect(await failure(source({ bind: undefined }))).toMatch(/nobody below|no such entry/)
    expect(await failure(source({}, { attributes: { id: 'employeeNumber' } }))).toMatch(/^corp: .* has no employeeNumber/)
  })

  it('says of whom it can make nothing, and has the others', async () => {
    const { people, unusable } = await source({}, { attributes: { userName: 'employeeType' } }).read(signal)
    expect([people.length, unusable.length]).toEqual([1, many + 1])
    expect(unusable[0]?.message).toBe(`${dnOf(0)} has no employeeType: there is nothing to call them by`)
  })

  it('ends at once when it is told to', async () => {
    const stop = new AbortController()
    const reading = source({ pageSize: 1 }).read(stop.signal)
    setImmediate(() => stop.abort(new Error('stopped')))
    await expect(reading).rejects.toThrow('stopped')
  })
})
