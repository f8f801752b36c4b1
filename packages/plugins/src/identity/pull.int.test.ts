import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { Value } from 'typebox/value'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { IdentityConfig } from './identity-config.ts'
import { identityPlugin } from './identity-plugin.ts'
import { checkFiles } from './sources/check-files.ts'
import { CuttingProxy } from './sources/ldap/fixtures/cutting-proxy.ts'
import { hasSlapd, reader, Slapd, suffix } from './sources/ldap/fixtures/slapd.ts'

let booted: BootedPlugin | undefined
afterEach(async () => {
  await booted?.[Symbol.asyncDispose]()
  booted = undefined
})
const people = { base: `ou=people,${suffix}` }
const parsed = (config: object) => Value.Decode(IdentityConfig, Value.Default(IdentityConfig, config))
const boot = async (sources: object) => {
  booted = await bootPlugin(identityPlugin, { sources })
  return booted
}

describe('sources', () => {
  it('that are wrong are told all at once, each at its line', async () => {
    const [ldap, okta] = [
      [
        { id: 'corp', url: 'ldap://ldap.example.com', people: { ...people, filter: '(&(uid=*)(cn=a)' } },
        { id: 'corp', url: 'ldaps://ldap.example.com', caFile: 'ca.pem', people, groups: { ...people, filter: '(cn=a))' } },
        { id: 'local', url: 'ldaps://ldap.example.com/dc=x', people: { ...people, filter: 'uid' } },
        {
          id: 'odd',
          url: 'ldaps://ldap.example.com',
          bind: { dn: 'standin', passwordFile: 'password' },
          people: { base: 'nonsense', filter: '(uid=a)(cn=b)' },
          groups: { base: 'ou=groups,dc=example,', filter: '(!(cn=a)(cn=b))' },
        },
        { id: 'ad', url: 'ldaps://ad.example.com', bind: { dn: 'EXAMPLE\\standin', passwordFile: '/run/password' }, people },
      ],
      [{ id: 'okta', site: 'http://example.okta.com', tokenFile: '/run/token' }],
    ]
    const plugin = await boot({ ldap, okta })
    const { message } = plugin.plugin
    for (const fault of [
      '/sources/ldap/0/url would send the password and people unencrypted: use ldaps://, or `startTls: true`',
      '/sources/ldap/0/people/filter has 1 opening bracket that is never closed: (&(uid=*)(cn=a)',
      '/sources/ldap/1/caFile is no absolute path: ca.pem',
      '/sources/ldap/1/groups/filter has a closing bracket too many at character 7: (cn=a))',
      '/sources/ldap/2/url is no address of a server',
      '/sources/ldap/2/people/filter is no filter: ',
      '/sources/ldap/3/bind/dn is no DN, as ou=people,dc=example,dc=com is one: standin',
      '/sources/ldap/3/bind/passwordFile is no absolute path: password',
      '/sources/ldap/3/people/base is no DN, as ou=people,dc=example,dc=com is one: nonsense',
      '/sources/ldap/3/people/filter goes on behind its last bracket, at character 8: put (&…) around several: (uid=a)(cn=b)',
      '/sources/ldap/3/groups/base is no DN, as ou=people,dc=example,dc=com is one: ou=groups,dc=example,',
      '/sources/ldap/3/groups/filter has brackets where none belong: (!(cn=a)(cn=b))',
    ]) {
      expect(message).toContain(fault)
    }
    expect(message).not.toContain('/sources/ldap/4')
  })

  it('whose files can not be used are told where somebody asks beforehand; the plugin starts all the same', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'standin-secrets-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = (name: string, mode: number, content = 'secret') => {
      writeFileSync(join(folder, name), content)
      chmodSync(join(folder, name), mode)
      return join(folder, name)
    }
    const ldap = (id: string, passwordFile: string, more: object = {}) => {
      return { id, url: 'ldaps://ldap.example.com', bind: { dn: 'cn=a', passwordFile }, people, ...more }
    }
    const sources = {
      ldap: [
        ldap('fine', file('fine', 0o600)),
        ldap('open', file('open', 0o640)),
        ldap('empty', file('empty', 0o600, '\n'), { caFile: join(folder, 'ca.pem') }),
        ldap('none', join(folder, 'none')),
      ],
      okta: [{ id: 'okta', site: 'https://example.okta.com', tokenFile: folder }],
    }
    const { plugin } = await boot(sources)
    expect(plugin).toMatchObject({ state: 'running', message: null })
    expect(await checkFiles(parsed({ sources }).sources)).toEqual([
      {
        path: '/sources/ldap/1/bind/passwordFile',
        message: `the bind password in ${folder}/open can be read by others: chmod 600 ${folder}/open`,
      },
      { path: '/sources/ldap/2/bind/passwordFile', message: `the bind password in ${folder}/empty is empty` },
      { path: '/sources/ldap/2/caFile', message: `the certificates can not be read from ${folder}/ca.pem: ENOENT` },
      { path: '/sources/ldap/3/bind/passwordFile', message: `the bind password can not be read from ${folder}/none: ENOENT` },
      { path: '/sources/okta/0/tokenFile', message: expect.stringMatching(/^the API token .*(can be read by others|plain file)/) },
    ])
  })
})

describe.skipIf(!hasSlapd)('a directory that is asked', () => {
  let slapd: Slapd
  const ldif = Array.from({ length: 1_100 }, (_, n) => {
    const manager = n === 0 ? '' : `manager: uid=p0,ou=people,${suffix}\n`
    return `dn: uid=p${n},ou=people,${suffix}\nobjectClass: inetOrgPerson\nuid: p${n}\ncn: P ${n}\nsn: P\nmail: p${n}@example.com\n${manager}`
  }).join('\n')

  beforeAll(async () => {
    const group = `dn: cn=testers,ou=groups,${suffix}\nobjectClass: groupOfNames\ncn: testers\nmember: uid=p1,ou=people,${suffix}\nmember: uid=p2,ou=people,${suffix}\n`
    slapd = await new Slapd({ ldif: `${ldif}\n${group}` }).start()
  }, 60_000)
  afterAll(() => slapd[Symbol.asyncDispose]())

  it('is followed on its schedule: people, groups, managers; half a reading changes nothing', { timeout: 120_000 }, async () => {
    await using proxy = new CuttingProxy(slapd.port)
    const bind = { dn: reader.dn, passwordFile: slapd.file('password', reader.password) }
    const attributes = { manager: 'manager' }
    const corp = {
      ...{
        id: 'corp',
        url: `ldap://${await proxy.start()}`,
        bind,
        people: { ...people, attributes },
        groups: { base: `ou=groups,${suffix}` },
      },
      ...{ schedule: '0 6 * * *', timeZone: 'Europe/Berlin' },
    }
    const plugin = await boot({ ldap: [corp] })
    const { client } = plugin
    const next = () => plugin.advance('24h')
    const last = () => plugin.runs('corp').at(-1)

    await next()
    expect(last()).toMatchObject({ state: 'succeeded', dueAt: '2026-03-03T05:00:00.000Z' })
    expect(last()?.output).toContain('corp: 1100 people and 1 groups read; create 1100, change 0,')
    expect((await client.users.list({ source: 'corp', active: true })).total).toBe(1_100)
    expect(await client.users.get('p7')).toMatchObject({ displayName: 'P 7', manager: { userName: 'p0' } })
    expect((await client.groups.get('testers')).members).toBe(2)
    const mine = await plugin.clone('mine')
    await mine.update({ owner: 'p2' })

    await slapd.change(async (directory) => directory.del(`uid=p2,ou=people,${suffix}`))
    const { last: before } = await client.events.list()
    proxy.most = Math.floor(proxy.brought * 0.9)
    await next()
    expect(last()).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/ends after (500|1000) entries: the server dropped the connection$/),
    })
    expect(plugin.plugin).toMatchObject({
      health: 'degraded',
      message: expect.stringMatching(/dropped the connection; nothing was changed$/),
    })
    const touched = (await client.events.list({ after: before, limit: 1000 })).items.filter(({ type }) => /^(user|group)\./.test(type))
    expect(touched).toEqual([])

    proxy.most = Number.POSITIVE_INFINITY
    await next()
    expect(last()?.output).toContain('- p2: gone; 1 environment to p0 (manager)')
    expect((await client.users.get('p2')).active).toBe(false)
    expect((await mine.refresh()).owner).toBe('p0')
    expect((await client.groups.get('testers')).members).toBe(1)
    expect(plugin.plugin).toMatchObject({ health: 'ok', message: null })
    const answer = await fetch(`${client.url}/v1/metrics`, { headers: { authorization: `Bearer ${plugin.adminToken}` } })
    const metrics = await answer.text()
    expect(metrics).toMatch(/standin_plugin_identity_changes_total\{source="corp",kind="user",action="deactivated"\} 1/)
  })

  it('is told of without its password, whatever goes wrong', async () => {
    const [wrong, right] = ['a-guess-of-the-test', reader.password]
    const corp = (id: string, password: string, url: string, more: object = {}) => {
      const bind = { dn: reader.dn, passwordFile: slapd.file(id, password) }
      return { id, url, bind, people, schedule: '0 6 * * *', ...more }
    }
    await using proxy = new CuttingProxy(slapd.port)
    proxy.most = 500
    const plugin = await boot({
      ldap: [
        corp('wrong', wrong, slapd.url),
        corp('cut', right, `ldap://${await proxy.start()}`),
        corp('away', right, 'ldaps://127.0.0.1:1'),
        corp('untrusted', right, slapd.secureUrl),
      ],
    })
    await plugin.advance('24h')
    const runs = ['wrong', 'cut', 'away', 'untrusted'].map((id) => plugin.runs(id).at(-1))
    expect(runs.map((run) => run?.state)).toEqual(['failed', 'failed', 'failed', 'failed'])
    const told = JSON.stringify([plugin.logs, runs, plugin.plugin])
    expect(told).toContain('the DN or the password is wrong')
    for (const secret of [wrong, right]) expect(told).not.toContain(secret)
  })

  it('gives out what its configuration lets it, as CSV for the fixture of a blueprint, and nothing else', async () => {
    const bind = { dn: reader.dn, passwordFile: slapd.file('password', reader.password) }
    const odd = `uid=odd,ou=people,${suffix}`
    const attributes = { objectClass: 'inetOrgPerson', uid: 'odd', cn: 'Odd, "O"', sn: 'O', employeeType: 'x' }
    await slapd.change(async (directory) => directory.add(odd, attributes))
    const filter = '(|(uid=p10)(uid=odd)(uid=p100))'
    const corp = { id: 'corp', url: slapd.url, bind, people: { ...people, filter, export: ['uid', 'cn', 'mail'] } }
    const plugin = await boot({ ldap: [corp, { ...corp, id: 'shy', people }] })
    const answer = await plugin.fetch('/sources/corp/people.csv?columns=uid,mail,cn')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8'])
    const [head, ...rows] = (await answer.text()).split('\r\n')
    expect(head).toBe('uid,mail,cn')
    expect(rows.sort()).toEqual(['', 'odd,,"Odd, ""O"""', 'p10,p10@example.com,P 10', 'p100,p100@example.com,P 100'])
    expect((await (await plugin.fetch('/sources/corp/people.csv')).text()).split('\r\n')[0]).toBe('uid,cn,mail')
    const refused = async (path: string) => {
      const { status, detail } = (await (await plugin.fetch(path)).json()) as { status: number; detail: string }
      return [status, detail]
    }
    expect(await refused('/sources/corp/people.csv?columns=uid,employeeType')).toEqual([
      400,
      'the source corp does not give out employeeType',
    ])
    expect(await refused('/sources/shy/people.csv')).toEqual([400, 'the source shy does not give out anything'])
    expect(await refused('/sources/other/people.csv')).toEqual([404, 'there is no LDAP source other'])
    expect((await plugin.fetch('/sources/corp/people.csv', { scope: null })).status).toBe(401)
  })
})
