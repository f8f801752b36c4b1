import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { StandinClient } from '@standin/client/connect'
import type { Plugin } from '@standin/core'
import { builtInPlugins } from '@standin/plugins'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ConfluenceSimulator } from '../../../../packages/plugins/src/docs/writers/confluence/testing/confluence-simulator.ts'
import { CuttingProxy } from '../../../../packages/plugins/src/identity/sources/ldap/fixtures/cutting-proxy.ts'
import { hasSlapd, reader, Slapd, suffix } from '../../../../packages/plugins/src/identity/sources/ldap/fixtures/slapd.ts'
import { entitiesInFolder, ownersInFolder, pagesInFolder } from '../fixtures/pages-in-folder.ts'
import { ScimDirectory } from '../fixtures/scim-directory.ts'
import { instant, moment, rowsOf } from '../fixtures/table-by-hand.ts'
import { readPlugins } from './read-plugins.ts'

/*
 * A fortnight of examples/platform.config.yaml with everything on, from Monday, 19 October 2026, 08:00 UTC, to Monday, 2 November. Only
 * the folders of pages, the addresses of the wiki and of the agency's directory, a real slapd, and the question to a seat are others
 * than in the file. Times are UTC.
 *
 * Europe/Berlin goes back an hour on 25 October: the class of the 22nd is held from 07:00 to 14:00, that of the 29th from 08:00 to 15:00;
 * its seats are begun half an hour before. Its last day ends on the 30th at 23:00. What is deleted is in the trash for a day. The
 * agency's directory is read at 04:00, from the 25th on at 05:00.
 */
const begin = '10-19 08:00'
const end = '11-02 08:00'

/** In this order: 1001 and so on. */
const environments: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  till: { project: 'shop' },
  demo: { project: 'shop', stage: 'demo' },
  wiki: { project: 'search' },
}

type Look = { readonly at: string; readonly what: string; readonly is: readonly string[] }
type Platform = { readonly booted: BootedPlugin; readonly directory: ScimDirectory; readonly agency: Agency }
/** What the connection to it brings, and who is in it. */
type Agency = { readonly slapd: Slapd; readonly proxy: CuttingProxy }

const dnOf = (uid: string) => `uid=${uid},ou=people,${suffix}`
const entryOf = (uid: string, manager?: string) => {
  return { objectClass: 'inetOrgPerson', uid, cn: uid, sn: uid, ...(manager === undefined ? {} : { manager: dnOf(manager) }) }
}
const ldif = [
  ...[entryOf('noa'), entryOf('lea', 'noa')].map((entry) => [
    `dn: ${dnOf(entry.uid)}`,
    ...Object.entries(entry).map((pair) => pair.join(': ')),
  ]),
  [
    `dn: cn=agency,ou=groups,${suffix}`,
    'objectClass: groupOfNames',
    'cn: agency',
    ...['noa', 'lea', 'kim'].map((uid) => `member: ${dnOf(uid)}`),
  ],
]
  .map((lines) => `${lines.join('\n')}\n`)
  .join('\n')

/** What the directory pushes, and what people do. */
const happens: Readonly<Record<string, (platform: Platform) => Promise<unknown>>> = {
  '10-19 09:00': async ({ directory }) => {
    for (const name of ['grace', 'ida', 'sam']) await directory.addPerson(name)
    await directory.addPerson('ada', 'grace')
    await directory.addGroup('Engineering', 'grace', 'ada')
    await directory.addGroup('Trainers', 'ida')
  },
  '10-19 09:10': async ({ booted: { client } }) => {
    for (const name of ['till', 'demo']) await (await client.environments.get(name)).update({ owner: 'ada' })
  },
  '10-20 07:00': async ({ booted: { client } }) => (await client.environments.get('wiki')).update({ owner: 'lea' }),
  // In the middle of the class.
  '10-22 09:00': ({ booted: { client } }) => client.plugins.ask('classroom', '/classes/intro/seats/2/reset', { method: 'POST' }),
  '10-23 09:00': ({ directory }) => directory.changePerson('ada', { displayName: 'Ada Lovelace' }),
  // She leaves the agency: in the morning, what is hers goes to Noa, her manager there.
  '10-23 10:00': ({ agency }) => agency.slapd.change((client) => client.del(dnOf('lea'))),
  // When the clocks go back, control is away for half an hour.
  '10-25 01:00': async ({ booted }) => {
    await booted.stop()
    booted.clock.moveTo(instant('10-25 01:30'))
    await booted.start()
  },
  '10-26 10:00': async ({ booted: { client } }) => (await client.environments.get('wiki')).delete(),
  // She leaves: what is hers goes to Grace, her manager.
  '10-27 10:00': ({ directory }) => directory.changePerson('ada', { active: false }),
  '10-27 12:00': ({ agency }) => agency.slapd.change((client) => client.add(dnOf('kim'), entryOf('kim', 'noa'))),
  '10-28 09:00': async ({ directory }) => {
    await directory.addPerson('tess')
    await directory.join('Engineering', 'tess')
  },
  // Kim leaves as well, but on that morning the agency's directory breaks off in the middle: nothing happens, until the next one.
  '10-28 12:00': async ({ agency }) => {
    await agency.slapd.change((client) => client.del(dnOf('kim')))
    agency.proxy.most = agency.proxy.brought - 600
  },
  '10-29 12:00': async ({ agency }) => {
    agency.proxy.most = Number.POSITIVE_INFINITY
  },
  '10-30 09:00': ({ directory }) => directory.deletePerson('sam'),
}

/** When suspend, the class and the trash have something to do: the minute before is looked at as well. */
const due = ['10-19 18:00', '10-20 03:00', '10-22 14:00', '10-23 09:00', '10-27 10:00', '10-29 15:00', '10-30 07:30', '10-31 23:00']

/** Which pages there are, what they say of the state, since when; the same in the folder and in the wiki. */
const pages = `
  10-19 08:05 | 1001 till running 10-19 08:00, 1002 demo running 10-19 08:00, 1003 wiki running 10-19 08:00
  10-20 08:00 | 1001 till suspended 10-19 18:00, 1002 demo running 10-19 08:00, 1003 wiki suspended 10-20 03:00
  10-22 06:40 | 1001 till suspended 10-19 18:00, 1002 demo running 10-19 08:00, 1003 wiki suspended 10-20 03:00, 1004 intro-1 running 10-22 06:30, 1005 intro-2 running 10-22 06:30, 1006 intro-3 running 10-22 06:30
  10-22 14:10 | 1001 till suspended 10-19 18:00, 1002 demo running 10-19 08:00, 1003 wiki suspended 10-20 03:00, 1004 intro-1 suspended 10-22 14:00, 1005 intro-2 deleted 10-22 09:00, 1006 intro-3 suspended 10-22 14:00, 1007 intro-2 suspended 10-22 14:00
  10-23 09:10 | 1001 till suspended 10-19 18:00, 1002 demo running 10-19 08:00, 1003 wiki suspended 10-20 03:00, 1004 intro-1 suspended 10-22 14:00, 1006 intro-3 suspended 10-22 14:00, 1007 intro-2 suspended 10-22 14:00
  10-27 09:50 | 1001 till suspended 10-19 18:00, 1002 demo running 10-19 08:00, 1003 wiki deleted 10-26 10:00, 1004 intro-1 suspended 10-22 14:00, 1006 intro-3 suspended 10-22 14:00, 1007 intro-2 suspended 10-22 14:00
  10-27 10:10 | 1001 till suspended 10-19 18:00, 1002 demo running 10-19 08:00, 1004 intro-1 suspended 10-22 14:00, 1006 intro-3 suspended 10-22 14:00, 1007 intro-2 suspended 10-22 14:00
  10-29 07:45 | 1001 till suspended 10-19 18:00, 1002 demo running 10-19 08:00, 1004 intro-1 deleted 10-29 07:30, 1006 intro-3 deleted 10-29 07:30, 1007 intro-2 deleted 10-29 07:30, 1008 intro-1 running 10-29 07:30, 1009 intro-2 running 10-29 07:30, 1010 intro-3 running 10-29 07:30
  10-30 07:45 | 1001 till suspended 10-19 18:00, 1002 demo running 10-19 08:00, 1008 intro-1 suspended 10-29 15:00, 1009 intro-2 suspended 10-29 15:00, 1010 intro-3 suspended 10-29 15:00
  10-31 02:00 | 1001 till suspended 10-19 18:00, 1002 demo running 10-19 08:00, 1008 intro-1 deleted 10-30 23:00, 1009 intro-2 deleted 10-30 23:00, 1010 intro-3 deleted 10-30 23:00
  11-02 08:00 | 1001 till suspended 10-19 18:00, 1002 demo running 10-19 08:00
`

/** Who there is, with what they own and where they may do what. */
const accounts = `
  10-19 08:30 |
  10-19 09:20 | ada active owns demo till may editor shop, grace active owns - may editor shop, ida active owns - may manager training, sam active owns - may -
  10-20 03:50 | ada active owns demo till may editor shop, grace active owns - may editor shop, ida active owns - may manager training, sam active owns - may -
  10-20 04:05 | ada active owns demo till may editor shop, grace active owns - may editor shop, ida active owns - may manager training, lea active owns - may participant search, noa active owns - may participant search, sam active owns - may -
  10-24 03:50 | Ada Lovelace active owns demo till may editor shop, grace active owns - may editor shop, ida active owns - may manager training, lea active owns wiki may participant search, noa active owns - may participant search, sam active owns - may -
  10-24 04:05 | Ada Lovelace active owns demo till may editor shop, grace active owns - may editor shop, ida active owns - may manager training, lea gone owns - may -, noa active owns wiki may participant search, sam active owns - may -
  10-27 09:50 | Ada Lovelace active owns demo till may editor shop, grace active owns - may editor shop, ida active owns - may manager training, lea gone owns - may -, noa active owns - may participant search, sam active owns - may -
  10-27 10:10 | Ada Lovelace gone owns - may -, grace active owns demo till may editor shop, ida active owns - may manager training, lea gone owns - may -, noa active owns - may participant search, sam active owns - may -
  10-28 04:50 | Ada Lovelace gone owns - may -, grace active owns demo till may editor shop, ida active owns - may manager training, lea gone owns - may -, noa active owns - may participant search, sam active owns - may -
  10-28 09:10 | Ada Lovelace gone owns - may -, grace active owns demo till may editor shop, ida active owns - may manager training, kim active owns - may participant search, lea gone owns - may -, noa active owns - may participant search, sam active owns - may -, tess active owns - may editor shop
  10-30 04:50 | Ada Lovelace gone owns - may -, grace active owns demo till may editor shop, ida active owns - may manager training, kim active owns - may participant search, lea gone owns - may -, noa active owns - may participant search, sam active owns - may -, tess active owns - may editor shop
  10-30 05:05 | Ada Lovelace gone owns - may -, grace active owns demo till may editor shop, ida active owns - may manager training, kim gone owns - may -, lea gone owns - may -, noa active owns - may participant search, sam active owns - may -, tess active owns - may editor shop
  11-02 08:00 | Ada Lovelace gone owns - may -, grace active owns demo till may editor shop, ida active owns - may manager training, kim gone owns - may -, lea gone owns - may -, noa active owns - may participant search, sam gone owns - may -, tess active owns - may editor shop
`

/** Whose each environment is, as its page says, but for those of `admin`. */
const owners = `
  10-19 09:05 |
  10-19 09:20 | 1001 ada, 1002 ada
  10-20 07:10 | 1001 ada, 1002 ada, 1003 lea
  10-24 04:15 | 1001 ada, 1002 ada, 1003 noa, 1004 classroom, 1006 classroom, 1007 classroom
  10-27 09:50 | 1001 ada, 1002 ada, 1003 noa, 1004 classroom, 1006 classroom, 1007 classroom
  10-27 10:10 | 1001 grace, 1002 grace, 1004 classroom, 1006 classroom, 1007 classroom
  11-02 08:00 | 1001 grace, 1002 grace
`

/** Mornings on which the agency's directory was read to its end, or not. */
const readings = `
  10-20 04:05 | succeeded
  10-25 04:50 | succeeded
  10-29 04:50 | succeeded
  10-29 05:05 | failed
  10-30 05:05 | succeeded
`

/** The seats, and where their names lead to. */
const seats = `
  10-22 06:25 |
  10-22 06:40 | intro-1 1004 running, intro-2 1005 running, intro-3 1006 running
  10-22 09:05 | intro-1 1004 running, intro-2 1007 running, intro-3 1006 running
  10-22 13:55 | intro-1 1004 running, intro-2 1007 running, intro-3 1006 running
  10-22 14:10 | intro-1 1004 suspended, intro-2 1007 suspended, intro-3 1006 suspended
  10-29 07:25 | intro-1 1004 suspended, intro-2 1007 suspended, intro-3 1006 suspended
  10-29 07:45 | intro-1 1008 running, intro-2 1009 running, intro-3 1010 running
  10-29 14:55 | intro-1 1008 running, intro-2 1009 running, intro-3 1010 running
  10-29 15:10 | intro-1 1008 suspended, intro-2 1009 suspended, intro-3 1010 suspended
  10-30 22:55 | intro-1 1008 suspended, intro-2 1009 suspended, intro-3 1010 suspended
  10-30 23:05 |
`

/** What those who follow the events hear of the class. */
const told = `
  10-22 06:30 | classroom.ready
  10-22 07:00 | classroom.session-began
  10-29 07:30 | classroom.ready
  10-29 08:00 | classroom.session-began
  10-30 23:00 | classroom.ended
`

/** What Ada's token shows her: her project, and nothing of hers any more once she left. */
const seenByAda = `
  10-19 09:20 | demo till
  10-27 09:50 | demo till
  10-27 10:10 | unauthenticated
`

let folder: string
let wiki: ConfluenceSimulator
let slapd: Slapd
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'standin-fortnight-'))
  wiki = new ConfluenceSimulator()
  slapd = new Slapd({ ldif })
})
afterEach(async () => {
  await wiki[Symbol.asyncDispose]()
  await slapd[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

it.skipIf(!hasSlapd)(
  'a fortnight of the example, with a class, two directories and a wiki, is as it was worked out by hand',
  {
    timeout: 600_000,
  },
  async () => {
    await using proxy = new CuttingProxy((await slapd.start()).port)
    await using booted = await boot(`ldap://${await proxy.start()}`)
    for (const [name, labels] of Object.entries(environments)) {
      const environment = await booted.clone(name, labels)
      await environment.update({ suspendAfterMs: null })
    }
    const { token } = await booted.client.tokens.create({ name: 'directory', scope: 'read' })
    const directory = new ScimDirectory(() => booted.client.url, token)
    let tokenOfAda = ''
    const workedOut: Look[] = []
    const found: Look[] = []

    const looks: Readonly<Record<string, readonly [text: string, look: () => Promise<string>]>> = {
      pages: [pages, async () => pagesInFolder(join(folder, 'pages'))],
      wiki: [pages, async () => pagesInWiki()],
      repository: [pages, async () => pagesInFolder(join(folder, 'docs/environments'))],
      catalog: [pages.replace(/ \S+ \S+(?=,|\n)/g, ''), async () => entitiesInFolder(join(folder, 'docs/catalog'))],
      owners: [owners, async () => ownersInFolder(join(folder, 'pages'))],
      accounts: [accounts, () => accountsOf(booted)],
      readings: [readings, async () => String((await booted.client.plugins.runs('identity', { schedule: 'agency' })).items[0]?.state)],
      seats: [seats, () => seatsOf(booted)],
      'seen by Ada': [seenByAda, () => namesSeen(new StandinClient({ url: booted.client.url, token: tokenOfAda }))],
    }
    const tables = Object.entries(looks).map(([what, [text, look]]) => ({ what, look, rows: new Map(entriesOf(text)) }))
    const looked = tables.flatMap(({ rows }) => [...rows.keys()])
    const marks = new Set([...Object.keys(happens), ...looked, ...entriesOf(told).map(([at]) => at), ...due, end])
    for (const at of [...marks].sort()) {
      await walkTo(booted, instant(at))
      await happens[at]?.({ booted, directory, agency: { slapd, proxy } })
      await booted.settled()
      if (at === '10-19 09:10') tokenOfAda = (await booted.client.tokens.create({ name: 'of-ada', scope: 'write', user: 'ada' })).token
      for (const { what, look, rows } of tables) {
        const expected = rows.get(at)
        if (expected === undefined) continue
        workedOut.push({ at, what, is: expected.split(', ') })
        found.push({ at, what, is: (await look()).split(', ') })
      }
    }
    expect(found).toEqual(workedOut)

    const { items } = await booted.client.events.list({ type: 'notice', limit: 1000 })
    const heard = items.flatMap(({ at, data }) => (String(data.kind).startsWith('classroom.') ? [[moment(at), String(data.kind)]] : []))
    expect(heard).toEqual(entriesOf(told))
    expect((await booted.client.aliases.list()).items).toEqual([])
    // One page each, whatever was written how often: ten environments, and the page that they stand below.
    expect(wiki.requests.filter((name) => name === 'POST /wiki/api/v2/pages')).toHaveLength(11)
    expect(wiki.faults).toEqual([])
    // Whatever is there is committed, and was pushed.
    expect(git('status', '--porcelain')).toBe('')
    expect(git('rev-parse', 'HEAD')).toBe(git('ls-remote', 'origin', 'main').split('\t')[0])
    for (const { id, state, health, message } of (await booted.client.plugins.list()).items) {
      expect({ id, state, health, message }).toEqual({ id, state: 'running', health: 'ok', message: null })
    }
  },
)

const git = (...args: string[]) => execFileSync('git', ['-C', join(folder, 'docs'), ...args], { encoding: 'utf8' }).trim()

async function boot(agency: string): Promise<BootedPlugin> {
  const { plugins, faults } = await readPlugins(resolve(import.meta.dirname, '../../../../examples/platform.config.yaml'), builtInPlugins)
  expect(faults).toEqual([])
  writeFileSync(join(folder, 'token'), wiki.token, { mode: 0o600 })
  const site = await wiki.start()
  const inFolder = (each: object) => ({ ...each, folder: (each as { folder: string }).folder.replace('/srv/standin', folder) })
  mkdirSync(join(folder, 'docs'))
  git('init', '--quiet', '--initial-branch=main')
  git('init', '--quiet', '--bare', '--initial-branch=main', join(folder, 'docs.git'))
  git('remote', 'add', 'origin', join(folder, 'docs.git'))
  const here: Readonly<Record<string, (config: never) => object>> = {
    docs: ({ markdown, confluence, backstage, ...config }: Record<'markdown' | 'confluence' | 'backstage', object[]>) => ({
      ...config,
      markdown: markdown.map(inFolder),
      backstage: backstage.map(inFolder),
      confluence: confluence.map((each) => ({ ...each, site, tokenFile: join(folder, 'token') })),
    }),
    identity: ({ sources: { ldap, ...sources }, ...config }: { sources: { ldap: object[] } }) => {
      const bind = { dn: reader.dn, passwordFile: slapd.file('password', reader.password) }
      return { ...config, sources: { ...sources, ldap: ldap.map((each) => ({ ...each, url: agency, bind })) } }
    },
    // Its clones are in memory: nobody would answer.
    classroom: ({ classes }: { classes: object[] }) => ({ classes: classes.map((each) => ({ ...each, check: false })) }),
  }
  const all = plugins.map(({ id, plugin, config }) => [plugin as Plugin, here[id]?.(config as never) ?? config] as const)
  const [last, ...beside] = all.toReversed()
  return bootPlugin(last?.[0] as Plugin, last?.[1], { at: `2026-${begin.replace(' ', 'T')}:00Z`, beside: beside.toReversed() })
}

const stepMs = 3 * 3_600_000

/** In steps of three hours, and to a time that is asked for; in each step, two minutes follow each other. */
async function walkTo(booted: BootedPlugin, to: number): Promise<void> {
  const { clock } = booted
  while (clock.now() < to) {
    const next = Math.min(to, (Math.floor(clock.now() / stepMs) + 1) * stepMs)
    clock.moveTo(next - 60_000)
    if ((clock.nextAt ?? next) < next) clock.step()
    await booted.advanceTo(next)
  }
}

function pagesInWiki(): string {
  const parent = wiki.titled('Environments')?.id
  const rows = [...wiki.pages.values()].flatMap(({ title, status, value, parentId }) => {
    const [, name, id] = /^(.+) \((\d+)\)$/.exec(title) ?? []
    const [, state, since] = /(\w+) since 2026-(\S+ \S+) UTC/.exec(value) ?? []
    return status === 'current' && parentId === parent && id !== undefined ? [`${id} ${name} ${state} ${since}`] : []
  })
  return rows.sort().join(', ')
}

async function accountsOf({ client }: BootedPlugin): Promise<string> {
  const [environments, roles] = [(await client.environments.list({ limit: 1000 })).items, (await client.roles.list({ limit: 1000 })).items]
  const rows: string[] = []
  for await (const { id, userName, displayName, active, groups } of client.users.iterate({})) {
    const owns = environments
      .filter(({ owner }) => owner === userName)
      .map(({ name }) => name)
      .sort()
    const held = roles.filter(({ user, group }) => user?.id === id || groups.some((each) => each.id === group?.id))
    const may = active ? held.map(({ role, project }) => `${role} ${project}`) : []
    rows.push(`${displayName} ${active ? 'active' : 'gone'} owns ${owns.join(' ') || '-'} may ${may.join(' ') || '-'}`)
  }
  return rows.sort().join(', ')
}

async function seatsOf({ client }: BootedPlugin): Promise<string> {
  const { items } = await client.environments.list({ limit: 1000 })
  const rows = items.flatMap(({ name, id, state }) => (name.startsWith('intro') ? [`${name} ${id} ${state}`] : []))
  const names = (await client.aliases.list()).items.map(({ host, environment }) => `${host.split('.')[0]} ${environment}`)
  expect(names.sort()).toEqual(rows.map((row) => row.split(' ').slice(0, 2).join(' ')).sort())
  return rows.sort().join(', ')
}

async function namesSeen(client: StandinClient): Promise<string> {
  try {
    const { items } = await client.environments.list({ limit: 1000 })
    return items
      .map(({ name }) => name)
      .sort()
      .join(' ')
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** The rows of a table: when, and what. */
function entriesOf(text: string): [at: string, is: string][] {
  return rowsOf(text).map(([at = '', is = '']) => [at, is])
}
