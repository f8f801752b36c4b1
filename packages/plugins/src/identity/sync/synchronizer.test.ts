import type { User } from '@standin/client'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { group, person, ToldSource, toldPlugin } from './fixtures/told-source.ts'
import type { SyncOptions } from './synchronizer.ts'

let source: ToldSource
let booted: BootedPlugin | undefined
let actions: string[]

beforeEach(() => {
  source = new ToldSource()
  actions = []
})
afterEach(async () => {
  await booted?.[Symbol.asyncDispose]()
  booted = undefined
})

const boot = async (options: Partial<SyncOptions> = {}) => {
  booted = await bootPlugin(toldPlugin(source, options, actions))
  return booted
}
/** @returns what the run printed */
const sync = async (plugin: BootedPlugin): Promise<string[]> => {
  actions.length = 0
  await plugin.advance('1m')
  return plugin.runs().at(-1)?.output.trimEnd().split('\n') ?? []
}
const users = async ({ client }: BootedPlugin): Promise<Map<string, User>> => {
  return new Map((await client.users.list({ limit: 1000 })).items.map((user) => [user.userName, user]))
}
const active = async (plugin: BootedPlugin) =>
  [...(await users(plugin)).values()].filter((user) => user.active).map(({ userName }) => userName)
const members = async ({ client }: BootedPlugin, name: string) => {
  const names: string[] = []
  for await (const { userName } of client.groups.members(name)) names.push(userName)
  return names
}

describe('people', () => {
  it('become users with their managers, and nothing happens to what is the same', async () => {
    const plugin = await boot()
    source.people = [person('ann', { manager: 'id-bob' }), person('bob', { manager: null }), person('off', { active: false })]
    expect(await sync(plugin)).toEqual([
      'corp: 3 people and 0 groups read; create 2, change 0, activate 0, deactivate 0, groups: create 0, change 0',
      '+ ann: uid=ann',
      '+ bob: uid=bob',
    ])
    const known = await users(plugin)
    expect(known.get('ann')).toMatchObject({
      source: 'corp',
      externalId: 'id-ann',
      email: 'ann@example.com',
      manager: { userName: 'bob' },
    })
    expect([...known.keys()]).toEqual(['ann', 'bob'])
    expect(await sync(plugin)).toHaveLength(1)
    expect(actions).toEqual([])
  })

  it('are followed when their names change, also where one gets the name that another gives up', async () => {
    const plugin = await boot()
    source.people = [person('ann'), person('bob')]
    await sync(plugin)
    source.people = [
      person('bob', { id: 'id-ann', email: 'bob@example.com', displayName: 'Ann' }),
      person('cid', { id: 'id-bob', manager: 'id-ann' }),
    ]
    await sync(plugin)
    const known = await users(plugin)
    expect(known.get('bob')).toMatchObject({ externalId: 'id-ann', email: 'bob@example.com', displayName: 'Ann' })
    expect(known.get('cid')).toMatchObject({ externalId: 'id-bob', manager: { userName: 'bob' } })
    expect(plugin.plugin).toMatchObject({ health: 'ok', message: null })
  })

  it('keep a manager whom the source does not show any more: who leaves is followed by the next one up', async () => {
    const plugin = await boot()
    source.people = [person('ann', { manager: 'id-bob' }), person('bob', { manager: 'id-cid' }), person('cid')]
    await sync(plugin)
    source.people = [person('ann', { manager: undefined }), person('cid')]
    await sync(plugin)
    const environment = await plugin.clone('shop')
    await environment.update({ owner: 'ann' })
    source.people = [person('cid')]
    expect(await sync(plugin)).toContain('- ann: gone; 1 environment to cid (manager)')
    expect((await environment.refresh()).owner).toBe('cid')
  })

  it('who are two with one e-mail address or one name are named, stay as they were, and keep nobody from being worked on', async () => {
    const plugin = await boot()
    source.add('ann', 'bob')
    await sync(plugin)
    source.people = [
      person('ann', { displayName: 'Ann' }),
      person('ann2', { email: 'ANN@example.com' }),
      person('bob', { displayName: 'Bob' }),
      person('BOB', { id: 'id-bob-2', email: null, where: 'uid=BOB,ou=other' }),
      person('cid'),
    ]
    const output = await sync(plugin)
    const [email, name] = [
      'uid=ann and uid=ann2 have the same e-mail address ann@example.com',
      'uid=bob and uid=BOB,ou=other have the same userName bob',
    ]
    expect(output).toEqual(expect.arrayContaining([expect.stringContaining(email), expect.stringContaining(name)]))
    expect(plugin.plugin).toMatchObject({ health: 'degraded', message: expect.stringContaining(email) })
    expect(await active(plugin)).toEqual(['ann', 'bob', 'cid'])
    expect((await users(plugin)).get('ann')?.displayName).toBe('ann')
    source.people = source.people.filter(({ id }) => id !== 'id-ann2' && id !== 'id-bob-2')
    await sync(plugin)
    expect(plugin.plugin).toMatchObject({ health: 'ok', message: null })
    expect((await users(plugin)).get('ann')?.displayName).toBe('Ann')
  })

  it('who can not be users are named one by one', async () => {
    const plugin = await boot()
    source.people = [person('has space', { email: null }), person('cid'), person('раypal')]
    const output = await sync(plugin)
    expect(output).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^! uid=has space: the userName "has space" has spaces/),
        expect.stringMatching(/^! uid=раypal: .* mixes Latin letters/),
      ]),
    )
    expect(await active(plugin)).toEqual(['cid'])
    expect(actions.sort()).toEqual(['user created', 'user failed', 'user failed'])
  })

  it('do not touch users of others, unless they are to take over those that people made', async () => {
    const plugin = await boot()
    const { client } = plugin
    await client.users.create({ userName: 'ann', email: 'ann@example.com' })
    await client.users.create({ userName: 'bob', source: 'scim' })
    await client.users.create({ userName: 'dan', email: 'cid@example.com' })
    await client.groups.create({ displayName: 'testers', members: ['dan'] })
    source.add('ann', 'bob', 'cid')
    source.groups = [group('testers', 'ann')]
    const output = await sync(plugin)
    expect(output).toEqual(
      expect.arrayContaining([
        '! uid=ann: the userName ann is that of a user whom local keeps: delete that one, or set `adopt: true` to take it over',
        '! uid=bob: the userName bob is that of a user whom scim keeps',
        "! uid=cid and user dan, whom local keeps, have the same e-mail address cid@example.com: it can be one's alone",
        '! cn=testers: there is a group testers already, which local keeps: delete that one, or set `adopt: true` to take it over',
      ]),
    )
    expect(actions).toEqual([])
    await plugin.stop()
    await booted?.[Symbol.asyncDispose]()
    const adopting = await boot({ adopt: true })
    await adopting.client.users.create({ userName: 'Ann' })
    await adopting.client.groups.create({ displayName: 'testers' })
    await sync(adopting)
    expect((await users(adopting)).get('ann')).toMatchObject({ source: 'corp', externalId: 'id-ann', email: 'ann@example.com' })
    expect((await adopting.client.groups.get('testers')).source).toBe('corp')
    expect(await members(adopting, 'testers')).toEqual(['ann'])
  })
})

describe('who leaves', () => {
  it('is deactivated, and their environments go to their manager, else to the heir; who comes back is let in again', async () => {
    const plugin = await boot({ heir: 'ops' })
    await plugin.client.users.create({ userName: 'ops' })
    source.people = [person('ann', { manager: 'id-bob' }), person('bob'), person('cid')]
    await sync(plugin)
    const [hers, his] = [await plugin.clone('hers'), await plugin.clone('his')]
    await hers.update({ owner: 'ann' })
    await his.update({ owner: 'cid' })
    await plugin.client.tokens.create({ name: 'anns', scope: 'write', user: 'ann' })
    source.remove('cid')
    source.change('ann', { active: false })
    const output = await sync(plugin)
    expect(output).toEqual(
      expect.arrayContaining(['- ann: disabled; 1 environment to bob (manager), 1 token ends', '- cid: gone; 1 environment to ops (heir)']),
    )
    expect([(await hers.refresh()).owner, (await his.refresh()).owner]).toEqual(['bob', 'ops'])
    expect(await active(plugin)).toEqual(['ops', 'bob'])
    expect(await sync(plugin)).toHaveLength(1)
    source.change('ann', { active: true, displayName: 'Ann Married' })
    expect(await sync(plugin)).toContain('+ ann is back')
    expect((await users(plugin)).get('ann')).toMatchObject({ active: true, displayName: 'Ann Married' })
  })

  it('stays out where somebody here sent them away, whatever the directory says, also when they were let in here before', async () => {
    const plugin = await boot()
    source.add('ann')
    await sync(plugin)
    source.change('ann', { active: false })
    await sync(plugin)
    await plugin.client.users.activate('ann')
    source.change('ann', { active: true })
    await sync(plugin)
    await plugin.client.users.deactivate('ann')
    expect(await sync(plugin)).toContain(
      '? ann is active in the directory and was deactivated by somebody here: they stay so until `standin user activate ann`',
    )
    expect(await active(plugin)).toEqual([])
  })

  it('is nobody where more would go than may; the others are worked on, and nobody loses their groups', async () => {
    const plugin = await boot({ most: '34%' })
    source.add('ann', 'bob', 'cid', 'dan')
    source.groups = [group('testers', 'ann', 'bob', 'cid', 'dan')]
    await sync(plugin)
    source.people = [person('ann', { displayName: 'Ann' }), person('eve')]
    source.groups = [group('testers', 'ann', 'eve')]
    const output = await sync(plugin)
    const held = '3 of 4 users would be deactivated, and at most 2 may be: none was.'
    expect(output[1]).toContain(`${held} If the directory is right, \`standin identity run corp --most 3\``)
    expect(plugin.plugin).toMatchObject({ health: 'degraded', message: expect.stringContaining(held) })
    expect(await active(plugin)).toEqual(['ann', 'bob', 'cid', 'dan', 'eve'])
    expect(await members(plugin, 'testers')).toEqual(['ann', 'bob', 'cid', 'dan', 'eve'])
    await plugin.restart()
    expect(plugin.plugin).toMatchObject({ health: 'degraded', message: expect.stringContaining(held) })
    source.add('bob')
    source.groups = [group('testers', 'ann', 'eve', 'bob')]
    await sync(plugin)
    expect(await active(plugin)).toEqual(['ann', 'bob', 'eve'])
    expect(await members(plugin, 'testers')).toEqual(['ann', 'bob', 'eve'])
    expect(plugin.plugin).toMatchObject({ health: 'ok', message: null })
  })

  it('leaves their name: who comes with it under another id is somebody else, but where an entry was made anew', async () => {
    const plugin = await boot()
    source.add('ann', 'bob')
    await sync(plugin)
    source.people = [person('ann', { id: 'id-ann-anew' })]
    await sync(plugin)
    expect((await users(plugin)).get('ann')).toMatchObject({ active: true, externalId: 'id-ann-anew' })
    source.people.push(person('bob', { id: 'id-another-bob' }))
    expect((await sync(plugin)).join('\n')).toMatch(/uid=bob: the userName bob is that of a user who left; .*standin user delete bob/)
    expect(await active(plugin)).toEqual(['ann'])
  })

  it('is nobody where the source could not be read to its end', async () => {
    const plugin = await boot()
    source.add('ann')
    await sync(plugin)
    source.people = []
    source.fault = 'the server dropped the connection'
    await sync(plugin)
    expect(plugin.runs().at(-1)).toMatchObject({ state: 'failed', error: expect.stringContaining('dropped the connection') })
    expect(plugin.plugin).toMatchObject({ health: 'degraded', message: 'corp: the server dropped the connection; nothing was changed' })
    expect(await active(plugin)).toEqual(['ann'])
  })
})

describe('a dry run', () => {
  it('says what would be done, and does nothing', async () => {
    const plugin = await boot({ dryRun: true })
    const { client } = plugin
    await client.users.create({ userName: 'ann', source: 'corp', externalId: 'id-ann', email: 'ann@example.com' })
    await client.users.create({ userName: 'bob', source: 'corp', externalId: 'id-bob' })
    const { last } = await client.events.list()
    source.people = [person('ann', { displayName: 'Ann' }), person('cid')]
    source.groups = [group('testers', 'ann', 'cid')]
    expect(await sync(plugin)).toEqual([
      'corp: 2 people and 1 groups read; would create 1, change 1, activate 0, deactivate 1, groups: create 1, change 0',
      '- bob: gone; leaves nothing behind',
      '+ cid: uid=cid',
      '~ ann: displayName "ann" → "Ann"',
      '+ group testers: 2 members',
    ])
    expect((await client.events.list({ after: last })).items.filter(({ type }) => /^(user|group)/.test(type))).toEqual([])
  })

  it('cuts long lists off', async () => {
    const plugin = await boot({ dryRun: true })
    source.people = Array.from({ length: 250 }, (_, n) => person(`p${n}`))
    const output = await sync(plugin)
    expect([output.length, output.at(-1)]).toEqual([102, '  … and 150 more of these'])
  })
})

describe('groups', () => {
  it('get the members that the source gives them, are renamed in place, and are emptied when they are gone, roles and all kept', async () => {
    const plugin = await boot()
    const { client } = plugin
    source.add('ann', 'bob', 'cid')
    source.groups = [group('testers', 'ann', 'bob', 'nobody')]
    await sync(plugin)
    expect(await members(plugin, 'testers')).toEqual(['ann', 'bob'])
    await client.roles.grant({ project: 'shop', role: 'editor', group: 'testers' })
    source.groups = [{ ...group('qa', 'bob', 'cid'), id: 'id-testers' }]
    expect(await sync(plugin)).toContain('~ group testers: is called qa, 1 join, 1 leave')
    expect(await members(plugin, 'qa')).toEqual(['bob', 'cid'])
    source.groups = []
    expect(await sync(plugin)).toContain('~ group qa: gone, emptied of 2 members; its roles stay')
    expect(await members(plugin, 'qa')).toEqual([])
    expect((await client.roles.list({ group: 'qa' })).items).toHaveLength(1)
    expect(await sync(plugin)).toHaveLength(1)
    source.groups = [{ ...group('qa', 'ann'), id: 'id-testers' }]
    await sync(plugin)
    expect(await members(plugin, 'qa')).toEqual(['ann'])
  })

  it('of one name are named, and stay as they were', async () => {
    const plugin = await boot()
    source.add('ann', 'bob')
    source.groups = [group('testers', 'ann')]
    await sync(plugin)
    source.groups = [group('testers', 'ann', 'bob'), { ...group('Testers'), id: 'id-other', where: 'cn=Testers,ou=other' }]
    expect((await sync(plugin)).join('\n')).toContain('cn=testers and cn=Testers,ou=other are groups of the same name testers')
    expect(await members(plugin, 'testers')).toEqual(['ann'])
  })

  it('are let alone where the source is not asked for them', async () => {
    const plugin = await boot()
    source.add('ann')
    source.groups = [group('testers', 'ann')]
    await sync(plugin)
    source.groups = null
    expect(await sync(plugin)).toHaveLength(1)
    expect(await members(plugin, 'testers')).toEqual(['ann'])
  })
})
