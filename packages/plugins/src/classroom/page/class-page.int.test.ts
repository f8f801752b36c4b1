import { StandinClient } from '@standin/client'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { afterEach, describe, expect, it } from 'vitest'
import { classroomPlugin } from '../classroom-plugin.ts'

const evil = '<img src=x onerror="window.owned=true">'
const json = { 'content-type': 'application/json' }
const plan = { template: 'shop', seats: 2, check: false, timetable: [{ days: '1-5', from: '09:00', to: '12:00', timeZone: 'UTC' }] }
const classes = [
  { ...plan, name: 'intro', project: 'training', instructors: ['ada'], students: [evil, 'bob'] },
  { ...plan, name: 'other', seats: 1 },
]

let booted: BootedPlugin
afterEach(() => booted?.[Symbol.asyncDispose]())

const boot = async () => {
  booted = await bootPlugin(classroomPlugin, { classes }, { at: '2026-03-02T08:29:00Z' })
  await booted.clone('mine')
  await booted.advance('2m')
}
const link = async (name = 'intro') => {
  const answer = await booted.fetch(`/classes/${name}/links`, { method: 'POST', headers: json, body: '{}' })
  expect(answer.status).toBe(201)
  return ((await answer.json()) as { path: string }).path
}
const enter = (path: string, name = 'intro', headers = {}) =>
  booted.fetch(`/classes/${name}/page/enter`, {
    ...{ scope: null, method: 'POST', headers: { ...json, ...headers } },
    body: JSON.stringify({ code: path.split('#')[1] }),
  })
const cookieOf = (answer: Response) => answer.headers.get('set-cookie')?.split(';')[0] ?? ''
const look = (path: string, cookie: string, headers = {}) => booted.fetch(path, { scope: null, headers: { cookie, ...headers } })
const now = async (cookie: string) =>
  (await (await look('/classes/intro/page/now', cookie)).json()) as {
    proof: string
    seats: { environment: number; url: string; state: string }[]
  }
const reset = (seat: number | string, cookie: string, headers = {}) =>
  booted.fetch(`/classes/intro/page/seats/${seat}/reset`, { scope: null, method: 'POST', headers: { cookie, ...headers } })

describe('The page of a class', { timeout: 60_000 }, () => {
  it('lets a browser in by a link that works once, to one class, and to nothing else', async () => {
    await boot()
    const path = await link()
    const answer = await enter(path)
    expect(answer.headers.get('set-cookie')).toMatch(
      /^standin_class=[0-9a-f]{12}\.[\w-]{43}; Path=\/v1\/plugins\/classroom\/classes\/intro\/page; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    )
    const cookie = cookieOf(answer)
    expect([(await enter(path)).status, (await enter(await link(), 'other')).status]).toEqual([401, 401])
    expect((await enter(await link(), 'intro', { 'sec-fetch-site': 'same-site' })).status).toBe(403)
    const found = await Promise.all([
      ...['/classes/intro/page', '/classes/intro/page/now', '/classes/intro/page/students'].map((each) => look(each, cookie)),
      ...['/classes/other/page', '/classes/other/page/now', '/classes/other/page/students', '/classes', '/classes/intro'].map((each) =>
        look(each, cookie),
      ),
    ])
    expect(found.map(({ status }) => status)).toEqual([200, 200, 200, 401, 401, 401, 401, 401])
    // Nor is it written anywhere.
    const secrets = [path.split('.')[1] ?? '', cookie.split('.')[1] ?? '', (await now(cookie)).proof]
    const logs = JSON.stringify(booted.logs)
    expect(secrets.map((secret) => [secret.length, logs.includes(secret)])).toEqual(Array(3).fill([43, false]))
    await booted.stop()
    booted.clock.moveTo(booted.clock.now() + 12 * 3_600_000)
    await booted.start()
    expect((await look('/classes/intro/page', cookie)).status).toBe(401)
  })

  it('resets a seat for the page itself, and for no other page that a browser shows', async () => {
    await boot()
    const cookie = cookieOf(await enter(await link()))
    const { proof, seats } = await now(cookie)
    expect(seats.map(({ environment, url, state }) => [environment, new URL(url).hostname, state])).toEqual([
      [1002, 'intro-1.test-envs.localhost', 'ready'],
      [1003, 'intro-2.test-envs.localhost', 'ready'],
    ])
    const refused = [
      await reset(1, cookie),
      await reset(1, cookie, { 'x-standin-proof': `${proof.slice(1)}x` }),
      await reset(1, cookie, { 'x-standin-proof': proof, 'sec-fetch-site': 'same-site' }),
      await reset(1, '', { 'x-standin-proof': proof }),
      await reset(9, cookie, { 'x-standin-proof': proof }),
      await reset('__proto__', cookie, { 'x-standin-proof': proof }),
    ]
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 401, 400, 400])
    expect((await reset(1, cookie, { 'x-standin-proof': proof })).status).toBe(202)
    await booted.settled()
    const after = await now(cookie)
    expect(after.seats.map(({ environment, url }) => [environment > 1004, url === seats[0]?.url])).toEqual([
      [true, true],
      [false, false],
    ])
  })

  it('is for instructors and the project, and ends when its maker leaves', async () => {
    await boot()
    const { client } = booted
    const rights = async (userName: string) => {
      await client.users.create({ userName, email: `${userName}@example.com` })
      const { token } = await client.tokens.create({ name: userName, scope: 'write', user: userName })
      return new StandinClient({ url: client.url, token })
    }
    const [ada, bob] = [await rights('ada'), await rights('bob')]
    const ask = (who: StandinClient, path: `/${string}`, method: 'GET' | 'POST' = 'GET') =>
      who.plugins.ask<{ items: { name: string }[]; path: string }>('classroom', path, { method, ...(method === 'GET' ? {} : { body: {} }) })
    expect((await ask(ada, '/classes')).items.map(({ name }) => name)).toEqual(['intro'])
    expect((await ask(bob, '/classes')).items).toEqual([])
    for (const [path, method] of [
      ['/classes/intro', 'GET'],
      ['/classes/intro/seats/1/reset', 'POST'],
      ['/classes/intro/links', 'POST'],
    ] as const)
      await expect(ask(bob, path, method), path).rejects.toMatchObject({ code: 'forbidden' })
    expect((await booted.fetch('/classes/intro/links', { scope: 'write', method: 'POST', headers: json, body: '{}' })).status).toBe(403)
    const cookie = cookieOf(await enter((await ask(ada, '/classes/intro/links', 'POST')).path))
    await client.users.create({ userName: 'cem', email: 'cem@example.com' })
    const { token } = await client.tokens.create({ name: 'cem', scope: 'write', user: 'cem' })
    const role = await client.roles.grant({ project: 'training', role: 'editor', user: 'cem' })
    const cem = cookieOf(await enter((await ask(new StandinClient({ url: client.url, token }), '/classes/intro/links', 'POST')).path))
    expect((await look('/classes/intro/page', cem)).status).toBe(200)
    // Whoever sees and does not reset any more, is out as well.
    await client.roles.update(role.id, 'viewer')
    expect((await look('/classes/intro/page/now', cem)).status).toBe(401)
    const late = (await ask(ada, '/classes/intro/links', 'POST')).path
    expect((await look('/classes/intro/page', cookie)).status).toBe(200)
    await client.users.deactivate('ada')
    await booted.settled()
    expect([(await look('/classes/intro/page', cookie)).status, (await enter(late)).status]).toEqual([401, 401])
  })

  it('escapes what people wrote, and loads nothing from elsewhere', async () => {
    await boot()
    const cookie = cookieOf(await enter(await link()))
    const pages = await Promise.all(['/page', '/page/students', '/page/enter'].map((each) => look(`/classes/intro${each}`, cookie)))
    for (const page of pages) {
      const policy = page.headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).not.toMatch(/unsafe|https?:|\*/)
      expect(page.headers.get('cache-control')).toBe('no-store')
      const html = await page.text()
      expect(html).not.toContain('<img')
      expect(html).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|<[^>]* src=/)
    }
    expect(await (await look('/classes/intro/page/students', cookie)).text()).toContain(
      '&lt;img src=x onerror=&quot;window.owned=true&quot;&gt;',
    )
  })
})
