import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RouteEntry, TableDelta, TableSnapshot } from '@standin/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { entry, SmallControl, SmallHome } from './fixtures/small-control.ts'
import { type Follower, type FollowerOptions, followTable } from './follow-table.ts'

let home: SmallHome
let control: SmallControl
let follower: Follower | undefined
/** What the follower said, in order. */
let heard: string[]
let logged: string[]
beforeEach(async () => {
  home = new SmallHome()
  control = await SmallControl.start()
  heard = []
  logged = []
})
afterEach(async () => {
  await follower?.close()
  await control[Symbol.asyncDispose]()
  home[Symbol.dispose]()
})

const cacheFile = () => join(home.path, 'gateway', 'routes.json')
const line = (level: string) => (_: object, message?: string) => void logged.push(`${level} ${message}`)

async function follow(options: Partial<FollowerOptions<'routes'>> = {}): Promise<Follower> {
  follower = await followTable({
    kind: 'routes',
    home: home.path,
    tokenName: 'gateway',
    cacheFile: cacheFile(),
    onSnapshot: (snapshot: TableSnapshot<RouteEntry>, { source }) =>
      heard.push(`${source} ${snapshot.items.map(({ name }) => name).join(' ')}`),
    onDelta: ({ put, remove }: TableDelta<RouteEntry>, { nextId }) =>
      heard.push(put === null ? `-${remove}` : `+${put.name} next ${nextId}`),
    log: { info: line('info'), warn: line('warn'), error: line('error') },
    ...options,
  })
  return follower
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await sleep(5)
}

const delta = (revision: number, put: RouteEntry | null, remove: number | null = null) => ['delta', { revision, put, remove }] as const

describe('a follower', () => {
  it('takes a snapshot and then every change once', async () => {
    home.writeAddress(control.url)
    control.greeting = () => [control.snapshot('a', 5, [entry(1001)]), delta(5, entry(1001, 0, 'old')), delta(6, entry(1002, 6))]
    await follow()
    await until(() => heard.length === 2)
    control.send(...delta(7, null, 1001))
    control.send(...delta(7, null, 1001))
    control.send(...delta(6, entry(1002, 6)))
    control.send(...delta(8, entry(1009, 8)))
    control.send('heartbeat', { revision: 11 })
    await until(() => follower?.status.revision === 11)
    expect(heard).toEqual(['control shop-1001', '+shop-1002 next 1003', '-1001', '+shop-1009 next 1010'])
    expect(follower?.status).toMatchObject({ link: 'following', source: 'control', epoch: 'a', revision: 11, entries: 2, reason: null })
    expect(control.requests[0]).toMatchObject({ line: 'GET /v1/routes', after: null, token: 'Bearer stn_gateway_secret' })
  })

  it('goes on after the last revision when the link breaks, and starts anew in another epoch', async () => {
    home.writeAddress(control.url)
    control.greeting = (after) => {
      if (after === null) return [control.snapshot('a', 5, [entry(1001)]), delta(6, entry(1002))]
      return control.watches.length === 2 ? [delta(7, entry(1003))] : [control.snapshot('b', 1, [entry(1001, 1, 'other')])]
    }
    await follow()
    await until(() => heard.length === 2)
    control.sever()
    await until(() => heard.length === 3)
    control.sever()
    await until(() => heard.length === 4)
    expect(control.watches.map(({ after }) => after)).toEqual([null, 'a:6', 'a:7'])
    expect(heard.slice(2)).toEqual(['+shop-1003 next 1004', 'control other'])
    expect(follower?.status).toMatchObject({ epoch: 'b', revision: 1, entries: 1 })
    expect(logged.filter((text) => text.includes('control is lost'))).toHaveLength(2)
  })

  it('starts anew when control knows less than was applied', async () => {
    home.writeAddress(control.url)
    control.greeting = (after) => (after === null ? [control.snapshot('a', 5, [entry(1001)])] : [])
    await follow()
    await until(() => heard.length === 1)
    control.send('heartbeat', { revision: 4 })
    await until(() => heard.length === 2)
    expect(control.watches.map(({ after }) => after)).toEqual([null, null])
  })

  it('notices a link that is dead, and one that never answers', async () => {
    home.writeAddress(control.url)
    control.greeting = () => [control.snapshot('a', 5, [])]
    await follow({ silenceMs: 60 })
    await until(() => control.watches.length > 2)
    control.answers = false
    const before = control.watches.length
    await until(() => control.watches.length > before + 2)
    expect(logged.some((text) => text.startsWith('warn control is lost'))).toBe(true)
  })

  it('serves the last good table when control is away, also after its own restart', async () => {
    home.writeAddress(control.url)
    control.greeting = () => [control.snapshot('a', 5, [entry(1001)]), delta(6, entry(1002))]
    const first = await follow()
    await until(() => heard.length === 2)
    await first.close()
    expect(first.status.link).toBe('closed')
    rmSync(join(home.path, 'run', 'control.json'))
    heard = []
    const statuses: string[] = []
    await follow({ onStatus: ({ link, reason }) => statuses.push(`${link}: ${reason}`) })
    expect(heard).toEqual(['cache shop-1001 shop-1002'])
    expect(follower?.status).toMatchObject({ source: 'cache', epoch: 'a', revision: 6, entries: 2 })
    await until(() => statuses.length > 3)
    expect(statuses[0]).toContain('control.json can not be read')
    expect(logged.filter((text) => text.startsWith('warn'))).toHaveLength(1)
    control.greeting = () => [delta(7, entry(1003))]
    home.writeAddress(control.url)
    await until(() => heard.length === 2)
    expect(control.watches.at(-1)?.after).toBe('a:6')
  })

  it('finds control at its new address', async () => {
    home.writeAddress(control.url)
    control.greeting = () => [control.snapshot('a', 1, [])]
    await follow()
    await until(() => heard.length === 1)
    await using second = await SmallControl.start()
    second.greeting = () => [second.snapshot('a', 2, [entry(1001)])]
    await control[Symbol.asyncDispose]()
    home.writeAddress(second.url)
    await until(() => heard.length === 2)
    expect(second.watches[0]?.after).toBe('a:1')
  })

  it('shows no token to whoever has the port of a control that has ended', async () => {
    home.writeAddress(control.url, 2 ** 22 - 1)
    await follow()
    await until(() => follower?.status.link === 'lost')
    expect(follower?.status.reason).toContain('has ended')
    expect(control.requests).toHaveLength(0)
  })

  it('goes on when its consumer has a fault', async () => {
    home.writeAddress(control.url)
    control.greeting = () => [control.snapshot('a', 1, []), delta(2, entry(1001)), delta(3, entry(1002))]
    await follow({
      onDelta: ({ revision }) => {
        if (revision === 2) throw new Error('a fault')
        heard.push('applied')
      },
    })
    await until(() => heard.includes('applied'))
    expect(logged).toContain('error a change of the routes could not be applied')
  })

  it('ends with the signal', async () => {
    home.writeAddress(control.url)
    const stop = new AbortController()
    await follow({ signal: stop.signal })
    await until(() => control.streams.size === 1)
    stop.abort()
    await until(() => control.streams.size === 0 && follower?.status.link === 'closed')
  })

  it('wakes environments and reports activity', async () => {
    home.writeAddress(control.url)
    const { control: link } = await follow()
    await link.wake(1001, 'GET www-1001.test-envs.localhost')
    await link.reportActivity([{ environment: 1001, at: '2026-11-21T08:45:23.120Z', cause: 'request' }])
    expect(control.requests.filter(({ line }) => line.startsWith('POST'))).toMatchObject([
      {
        line: 'POST /v1/environments/1001/resume',
        token: 'Bearer stn_gateway_secret',
        body: '{"reason":"GET www-1001.test-envs.localhost"}',
      },
      { line: 'POST /v1/activity', body: expect.stringContaining('"cause":"request"') },
    ])
    rmSync(join(home.path, 'secrets', 'gateway.token'))
    await expect(link.wake(1001, '')).rejects.toMatchObject({ code: 'unauthenticated' })
  })
})

describe('the last good table', () => {
  const served = async (revision = 1) => {
    home.writeAddress(control.url)
    control.greeting = () => [control.snapshot('a', revision, [entry(1001)])]
    await follow()
    await until(() => heard.includes('control shop-1001'))
  }

  it('is written by itself, whole, for its owner alone', async () => {
    mkdirSync(dirname(cacheFile()))
    writeFileSync(`${cacheFile()}.${2 ** 22 - 1}.tmp`, 'left by one that was killed')
    await served()
    await until(() => existsSync(cacheFile()))
    expect(statSync(cacheFile()).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(cacheFile(), 'utf8'))).toMatchObject({ epoch: 'a', revision: 1, items: [{ environment: 1001 }] })
    await follower?.close()
    expect(readdirSync(dirname(cacheFile()))).toEqual(['routes.json'])
  })

  it('holds ten thousand environments', async () => {
    home.writeAddress(control.url)
    const items = Array.from({ length: 10_000 }, (_, index) => entry(1001 + index))
    control.greeting = () => [control.snapshot('a', 1, items)]
    await follow()
    await until(() => heard.length === 1)
    await follower?.close()
    heard = []
    await follow({ onSnapshot: (snapshot) => heard.push(`${snapshot.items.length} ${snapshot.items.at(-1)?.name}`) })
    expect(heard).toEqual(['10000 shop-11000'])
  })

  it.each([
    '',
    '{"format":"standin-routes-1","epoch":"a"',
    '{"format":"standin-records-1"}',
    '[]',
    '{"format":"standin-routes-1","items":[{}]}',
  ])('is done without where it is broken: %s', async (text) => {
    mkdirSync(dirname(cacheFile()))
    writeFileSync(cacheFile(), text)
    await served()
    expect(heard).toEqual(['control shop-1001'])
    expect(logged.filter((entry) => entry.includes('is of no use'))).toHaveLength(1)
    await follower?.close()
    expect(JSON.parse(readFileSync(cacheFile(), 'utf8')).revision).toBe(1)
  })

  it('may fail to be written: one warning, and service goes on', async () => {
    const folder = dirname(cacheFile())
    writeFileSync(folder, 'a file where the folder should be')
    await served()
    const warnings = () => logged.filter((text) => text.includes('can not be written'))
    await until(() => warnings().length > 0)
    control.send(...delta(2, entry(1002)))
    await until(() => heard.length === 2)
    await sleep(1_200)
    expect(warnings()).toHaveLength(1)
    rmSync(folder)
    await until(() => existsSync(cacheFile()))
    // It says so a turn later.
    await until(() => logged.includes('info the routes can be written to disk again'))
  })
})
