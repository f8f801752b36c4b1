import { bootPlugin } from '@standin/testing/plugin'
import { describe, expect, it } from 'vitest'
import { boardAlone } from './fixtures/board-alone.ts'

const json = { 'content-type': 'application/json' }

async function start() {
  const booted = await bootPlugin(boardAlone(), {}, { at: '2026-11-20T14:32:00Z' })
  const invite = async (expires = '30d') => {
    const answer = await booted.fetch('/board/links', { method: 'POST', headers: json, body: JSON.stringify({ name: 'lobby', expires }) })
    const { path } = (await answer.json()) as { path: string }
    return path.split('#')[1] as string
  }
  const enter = (code: string, more: { headers?: Record<string, string>; secure?: boolean } = {}) =>
    booted.fetch('/board/enter', {
      ...{ scope: null, method: 'POST', headers: { ...json, ...more.headers } },
      body: JSON.stringify({ code, ...(more.secure === undefined ? {} : { secure: more.secure }) }),
    })
  const cookieOf = (answer: Response) => answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  const look = (cookie: string) => booted.fetch('/board', { scope: null, headers: { cookie } })
  return { booted, invite, enter, cookieOf, look }
}

describe('how a screen gets to see the board', () => {
  it('is a link that works once, for ten minutes, made by who may make tokens', async () => {
    const { booted, invite, enter, cookieOf, look } = await start()
    await using _ = booted
    expect((await booted.fetch('/board/links', { scope: 'write', method: 'POST', headers: json, body: '{"name":"x"}' })).status).toBe(403)
    const [code, late] = [await invite(), await invite()]
    const both = await Promise.all([enter(code), enter(code)])
    expect(both.map(({ status }) => status).sort()).toEqual([204, 401])
    const cookie = cookieOf(both.find(({ status }) => status === 204) as Response)
    expect((await look(cookie)).status).toBe(200)
    await booted.restart()
    expect((await look(cookie)).status).toBe(200)
    await booted.advance('10m')
    expect((await enter(late)).status).toBe(401)
    await booted.stop()
    booted.clock.moveTo(booted.clock.now() + 30 * 86_400_000)
    await booted.start()
    expect((await look(cookie)).status).toBe(401)
    expect(await (await booted.fetch('/board/passes')).json()).toEqual({ items: [] })
  })

  it('gives a cookie that no script, no other site and no environment can use', async () => {
    const { booted, invite, enter } = await start()
    await using _ = booted
    const plain = (await enter(await invite())).headers.get('set-cookie')
    expect(plain).toMatch(/^standin_board=[0-9a-f]{12}\.[\w-]{43}; Path=\/v1\/plugins\/usage; Max-Age=2592000; HttpOnly; SameSite=Strict$/)
    expect((await enter(await invite(), { secure: true })).headers.get('set-cookie')).toMatch(/; Secure$/)
    // As a page of another origin would send it, a published environment's too.
    for (const site of ['cross-site', 'same-site']) {
      expect((await enter(await invite(), { headers: { 'sec-fetch-site': site } })).status, site).toBe(403)
    }
  })

  it('opens nothing but the board', async () => {
    const { booted, invite, enter, cookieOf } = await start()
    await using _ = booted
    const cookie = cookieOf(await enter(await invite()))
    const secret = cookie.split('=')[1] as string
    for (const path of ['/now', '/board/passes'])
      expect((await booted.fetch(path, { scope: null, headers: { cookie } })).status, path).toBe(401)
    for (const headers of [{ cookie }, { authorization: `Bearer ${secret}` }])
      expect((await fetch(`${booted.client.url}/v1/environments`, { headers })).status).toBe(401)
    const stream = await booted.fetch('/board/stream', { scope: null, headers: { cookie, 'sec-fetch-site': 'same-site' } })
    expect(stream.status).toBe(403)
  })

  it('ends when it is revoked, also for a screen that looks just now', async () => {
    const { booted, invite, enter, cookieOf, look } = await start()
    await using _ = booted
    const cookie = cookieOf(await enter(await invite()))
    const stream = await booted.fetch('/board/stream', { scope: null, headers: { cookie } })
    expect(stream.headers.get('content-type')).toBe('text/event-stream')
    const { items } = (await (await booted.fetch('/board/passes', { scope: 'read' })).json()) as { items: { id: string }[] }
    expect(items).toEqual([
      expect.objectContaining({ name: 'lobby', createdBy: 'token:test-admin', expiresAt: '2026-12-20T14:32:00.000Z' }),
    ])
    expect(JSON.stringify(items)).not.toContain(cookie.split('.')[1])
    const revoke = (scope: 'write' | 'admin') => booted.fetch(`/board/passes/${items[0]?.id}`, { scope, method: 'DELETE' })
    expect([(await revoke('write')).status, (await revoke('admin')).status, (await revoke('admin')).status]).toEqual([403, 204, 404])
    await expect(stream.text()).rejects.toThrow()
    expect((await look(cookie)).status).toBe(401)
  })

  it('takes what is no link and no pass for none', async () => {
    const { booted, enter, look } = await start()
    await using _ = booted
    for (const code of ['', 'x', `${'0'.repeat(12)}.${'A'.repeat(43)}`, '../../etc/passwd', '\u0000'])
      expect((await enter(code)).status, code).toBe(401)
    for (const cookie of ['', 'standin_board', 'standin_board=', 'standin_board=a.b', `x${';y'.repeat(1000)}`, 'standin_board=__proto__'])
      expect((await look(cookie)).status, cookie).toBe(401)
  })

  it('answers pages that load nothing from elsewhere, are kept nowhere and framed nowhere', async () => {
    const { booted, invite, enter, cookieOf, look } = await start()
    await using _ = booted
    const cookie = cookieOf(await enter(await invite()))
    const pages = [await look(cookie), await look(''), await booted.fetch('/board/enter', { scope: null })]
    for (const page of pages) {
      const policy = page.headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).toContain("require-trusted-types-for 'script'")
      expect(policy).not.toMatch(/unsafe|https?:|\*/)
      expect(Object.fromEntries(page.headers)).toMatchObject({
        ...{ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' },
        'cross-origin-resource-policy': 'same-origin',
      })
      const html = await page.text()
      expect(html.match(/(?:src|href)=["']?[^"']{5}|url\([^)]*/g)).toEqual(['href="data:'])
      expect(html).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b/)
    }
  })
})
