import type { StandinClient } from '@standin/client/connect'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { group, person, ToldSource, toldPlugin } from './fixtures/told-source.ts'
import type { SyncOptions } from './synchronizer.ts'

let source: ToldSource
let booted: BootedPlugin | undefined

beforeEach(() => {
  source = new ToldSource()
})
afterEach(async () => {
  await booted?.[Symbol.asyncDispose]()
  booted = undefined
})

const boot = async (options: Partial<SyncOptions> = {}, meanwhile?: (client: StandinClient) => Promise<unknown>) => {
  booted = await bootPlugin(toldPlugin(source, options, [], meanwhile))
  return booted
}
/** @returns what the run printed, without its first line */
const sync = async (plugin: BootedPlugin): Promise<string[]> => {
  await plugin.advance('1m')
  return plugin.runs().at(-1)?.output.trimEnd().split('\n').slice(1) ?? []
}
const owned = async (plugin: BootedPlugin, owner: string, project?: string) => {
  const environment = await plugin.clone(`of-${owner}`, project === undefined ? {} : { project })
  await environment.update({ owner })
  return async () => (await environment.refresh()).owner
}
const active = async ({ client }: BootedPlugin) => (await client.users.list({ active: true })).items.map(({ userName }) => userName)

describe('an heir', () => {
  it.each([
    ['is no user', async () => {}],
    ['is inactive', async ({ client }: BootedPlugin) => void (await client.users.create({ userName: 'ops', active: false }))],
  ])('who %s is told in the plan and by the run: whoever goes goes all the same, and what is theirs stays', async (why, arrange) => {
    const plugin = await boot({ heir: 'ops' })
    await arrange(plugin)
    source.add('ann', 'bob')
    const fault = `the heir ops ${why}: environments of those who leave without a manager stay, orphaned; name another \`heir\``
    expect(await sync(plugin)).toContain(`! ${fault}`)
    expect(plugin.plugin).toMatchObject({ health: 'degraded', message: `corp: ${fault}` })
    const ownerOf = await owned(plugin, 'ann')
    source.remove('ann')
    expect(await sync(plugin)).toContain('- ann: gone; 1 environment to nobody: they stay, orphaned')
    expect([await active(plugin), await ownerOf()]).toEqual([['bob'], 'ann'])
    expect((await plugin.client.environments.list({ orphaned: true })).items).toHaveLength(1)
    if (why === 'is inactive') await plugin.client.users.activate('ops')
    else await plugin.client.users.create({ userName: 'OPS' })
    await sync(plugin)
    expect(plugin.plugin).toMatchObject({ health: 'ok', message: null })
  })

  it('who leaves in the same run gets nothing', async () => {
    const plugin = await boot({ heir: 'ops' })
    source.add('ann', 'ops', 'zoe')
    await sync(plugin)
    const ownerOf = await owned(plugin, 'ann')
    source.people = [person('zoe')]
    const output = await sync(plugin)
    expect(output[0]).toMatch(/^! the heir ops leaves, too: /)
    expect(output).toContain('- ann: gone; 1 environment to nobody: they stay, orphaned')
    expect([await active(plugin), await ownerOf()]).toEqual([['zoe'], 'ann'])
  })

  it('who comes in the same run gets what there is', async () => {
    const plugin = await boot({ heir: 'ops' })
    source.add('ann', 'bob')
    await sync(plugin)
    const ownerOf = await owned(plugin, 'ann')
    source.people = [person('bob'), person('ops')]
    expect((await sync(plugin)).at(-1)).toBe('- ann in the end: 1 environment to ops (heir)')
    expect(await ownerOf()).toBe('ops')
    expect(plugin.plugin).toMatchObject({ health: 'ok' })
  })

  it('who has no role in a project is told to have none', async () => {
    const plugin = await boot({ heir: 'ops' })
    const { client } = plugin
    await client.users.create({ userName: 'ops' })
    await client.roles.grant({ user: 'ops', project: 'shop', role: 'viewer' })
    source.add('ann', 'bob', 'cid')
    await sync(plugin)
    const owners = [await owned(plugin, 'ann', 'shop'), await owned(plugin, 'bob', 'crm')]
    source.people = [person('cid')]
    expect(await sync(plugin)).toEqual([
      '- ann: gone; 1 environment to ops (heir)',
      '- bob: gone; 1 environment to ops (heir, who has no role there)',
    ])
    expect(await Promise.all(owners.map((owner) => owner()))).toEqual(['ops', 'ops'])
  })
})

describe('managers', () => {
  it('who leave as well get nothing: it goes to the next one up who stays', async () => {
    const plugin = await boot()
    source.people = [person('ann', { manager: 'id-bob' }), person('bob', { manager: 'id-cid' }), person('cid', { manager: null })]
    await sync(plugin)
    const ownerOf = await owned(plugin, 'ann')
    const { last } = await plugin.client.events.list()
    source.people = [person('cid', { manager: null })]
    expect(await sync(plugin)).toEqual(['- bob: gone; leaves nothing behind', '- ann: gone; 1 environment to cid (manager)'])
    expect(await ownerOf()).toBe('cid')
    const given = (await plugin.client.events.list({ after: last, limit: 1000 })).items.filter(({ type }) => type === 'environment.changed')
    expect(given).toHaveLength(1)
  })

  it('are those of the plan: who gets a new one is followed by that one', async () => {
    const plugin = await boot()
    source.people = [person('ann', { manager: 'id-bob' }), person('bob', { manager: 'id-old' }), person('old'), person('new')]
    await sync(plugin)
    const ownerOf = await owned(plugin, 'ann')
    source.people = [person('bob', { manager: 'id-new', active: false }), person('old'), person('new'), person('ann', { active: false })]
    await plugin.client.users.update('bob', { manager: 'new' })
    expect(await sync(plugin)).toContain('- ann: disabled; 1 environment to new (manager)')
    expect(await ownerOf()).toBe('new')
  })

  it('may lead in circles: it goes to the heir then', async () => {
    const plugin = await boot({ heir: 'ops' })
    await plugin.client.users.create({ userName: 'ops' })
    source.people = [
      person('ann', { manager: 'id-bob' }),
      person('bob', { manager: 'id-cid' }),
      person('cid', { manager: 'id-ann' }),
      person('dan'),
    ]
    await sync(plugin)
    expect((await plugin.client.users.get('cid')).manager?.userName).toBe('ann')
    const ownerOf = await owned(plugin, 'bob')
    source.people = [person('dan')]
    expect(await sync(plugin)).toContain('- bob: gone; 1 environment to ops (heir)')
    expect([await active(plugin), await ownerOf()]).toEqual([['ops', 'dan'], 'ops'])
  })
})

describe('a limit', () => {
  it('never lets everybody go, whatever number it is, unless it says so', async () => {
    const plugin = await boot()
    source.add('ann', 'bob')
    await sync(plugin)
    source.people = [person('ann', { active: false }), person('bob', { active: false })]
    expect((await sync(plugin))[0]).toMatch(/^! 2 of 2 users would be deactivated, and at most 1 may be: none was\. .* --most 100%`/)
    expect(await active(plugin)).toEqual(['ann', 'bob'])
    await plugin[Symbol.asyncDispose]()
    const allowing = await boot({ most: '100%' })
    source.change('ann', { active: true })
    source.change('bob', { active: true })
    await sync(allowing)
    source.people = [person('ann', { active: false }), person('bob', { active: false })]
    await sync(allowing)
    expect(await active(allowing)).toEqual([])
  })

  it('counts groups that have nobody any more as well as those that are gone', async () => {
    const plugin = await boot()
    const { client } = plugin
    source.add('ann')
    source.groups = [group('testers', 'ann'), group('makers', 'ann')]
    await sync(plugin)
    const sizes = async () => (await client.groups.list()).items.map(({ displayName, members }) => `${displayName} ${members}`)
    for (const groups of [[], [group('testers'), group('makers')]]) {
      source.groups = groups
      expect((await sync(plugin))[0]).toMatch(/^! 2 groups would be emptied, and at most 1 may be: none was\./)
      expect(await sizes()).toEqual(['testers 1', 'makers 1'])
    }
    source.groups = [group('testers'), group('makers', 'ann')]
    expect(await sync(plugin)).toEqual(['~ group testers: 1 leave'])
    expect(await sizes()).toEqual(['testers 0', 'makers 1'])
  })

  it('does not count groups of those alone who leave', async () => {
    const plugin = await boot({ most: 1 })
    source.add('ann', 'bob')
    source.groups = [group('testers', 'ann'), group('makers', 'ann')]
    await sync(plugin)
    source.remove('ann')
    source.groups = [group('testers'), group('makers')]
    expect(await sync(plugin)).toEqual(['- ann: gone; leaves nothing behind', '~ group testers: 1 leave', '~ group makers: 1 leave'])
    expect((await plugin.client.groups.list()).items.map(({ members }) => members)).toEqual([0, 0])
    expect(plugin.plugin).toMatchObject({ health: 'ok' })
  })
})

describe('between the plan and the deed', () => {
  it('whom somebody here sent away stays out, though the directory has them back later', async () => {
    const plugin = await boot({}, (client) => client.users.deactivate('ann', { reason: 'by hand' }))
    source.add('ann', 'bob')
    await sync(plugin)
    source.remove('ann')
    await sync(plugin)
    expect(await active(plugin)).toEqual(['bob'])
    source.add('ann')
    expect((await sync(plugin))[0]).toMatch(/^\? ann is active in the directory and was deactivated by somebody here/)
    expect(await active(plugin)).toEqual(['bob'])
  })

  it('whom another source took over stays', async () => {
    const plugin = await boot({}, (client) => client.users.update('ann', { source: 'scim' }))
    source.add('ann', 'bob')
    await sync(plugin)
    source.remove('ann')
    expect(await sync(plugin)).toContain('! ann: they are not of this source any more')
    expect(await active(plugin)).toEqual(['ann', 'bob'])
  })
})
