import { createRequire } from 'node:module'
import type { EnvironmentState } from '@standin/client'
import { has } from '@standin/testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { eventually } from '../testing/raw-client.ts'
import { domain, routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()

/** Where the page is looked at by whoever made it: `SCREENSHOTS=/tmp/pages pnpm vitest run …`. */
const screenshots = process.env.SCREENSHOTS

describe.skipIf(!has('chromium', 'chromium'))('The waiting page in Chromium', { timeout: 60_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    const { chromium } = createRequire(import.meta.url)('playwright-core') as typeof import('playwright-core')
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
        '--no-proxy-server',
      ],
    })
  }, 60_000)
  afterAll(() => browser?.close())

  const start = async (javaScriptEnabled = true) => {
    const gateway = await use(startGateway({ limits: { pageAfterMs: 100 } }))
    const requests: string[] = []
    const upstream = await use(
      startHttpUpstream((req, res) => {
        requests.push(`${req.method} ${req.url}`)
        res.setHeader('content-type', 'text/html')
        res.end(`<title>The application</title><link rel="icon" href="data:,"><h1>The application at ${req.url}</h1>`)
      }),
    )
    const context = await browser.newContext({ javaScriptEnabled, viewport: { width: 1000, height: 700 }, reducedMotion: 'reduce' })
    await use(Promise.resolve({ [Symbol.asyncDispose]: () => context.close() }))
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      // The page itself is a 503.
      if (message.type() === 'error' && !message.text().includes('503')) faults.push(message.text())
    })
    let revision = 0
    const put = (state: EnvironmentState, ready: readonly number[], reason = 'a request') =>
      gateway.router.put({
        ...routeEntry(1001, state === 'running' ? [upstream.port] : [], { state, reason, revision: ++revision }),
        name: 'shop-alice',
        hosts: ready.map((count, index) => ({ name: ['db', 'web'][index] as string, ready: count, wanted: [1, 3][index] as number })),
      })
    const url = `http://www-1001.${domain}:${gateway.port}/some/page?with=query#part`
    return { gateway, page, faults, requests, put, url }
  }

  const see = async (page: Page, name: string) => {
    if (screenshots !== undefined) await page.screenshot({ path: `${screenshots}/${name}.png` })
  }

  it('shows live progress per host and goes on by itself to the page that was asked for', async () => {
    const { gateway, page, faults, requests, put, url } = await start()
    put('suspended', [0, 0])
    const response = await page.goto(url)
    expect(response?.status()).toBe(503)
    expect(await page.textContent('h1')).toBe('Waking shop-alice')
    await eventually('it follows the state', () => gateway.watchers.size === 1)
    expect(gateway.activity.record(1001).open).toBe(0)
    put('resuming', [1, 2])
    await page.getByText('2 of 3 ready').waitFor()
    expect(await page.locator('#hosts li').allInnerTexts()).toEqual([
      expect.stringMatching(/^db\s+ready$/),
      expect.stringMatching(/^web\s+2 of 3 ready$/),
    ])
    expect(await page.locator('progress').nth(1).getAttribute('aria-label')).toBe('web')
    await see(page, 'waking')
    expect(requests).toEqual([])
    put('running', [1, 3])
    await page.getByText('The application at /some/page?with=query').waitFor()
    expect(page.url()).toBe(url)
    expect(requests).toEqual(['GET /some/page?with=query'])
    expect(faults).toEqual([])
    await eventually('it follows no more', () => gateway.watchers.size === 0)
  })

  it('says when the environment failed, why, and what to do next; and stays there', async () => {
    const { page, faults, put, url } = await start()
    put('starting', [0, 0])
    await page.goto(url)
    expect(await page.textContent('h1')).toBe('Starting shop-alice')
    put('failed', [1, 0], 'web-2 ended with exit code 137')
    await page.getByText('shop-alice failed').waitFor()
    expect(await page.textContent('#status')).toBe('Web-2 ended with exit code 137.')
    expect(await page.textContent('#hint')).toContain('standin logs 1001')
    expect(await page.getByRole('button', { name: 'Try again' }).isVisible()).toBe(true)
    await see(page, 'failed')
    await page.getByRole('button').click()
    await page.getByText('503 no_endpoint').waitFor()
    await see(page, 'problem')
    expect(faults).toEqual([])
  })

  it('wakes it once more only when asked, where it fell asleep again', async () => {
    const { gateway, page, put, url } = await start()
    put('resuming', [0, 0])
    await page.goto(url)
    put('suspended', [0, 0])
    await page.getByText('shop-alice fell asleep again').waitFor()
    expect(gateway.wake.waiting).toBe(0)
    await page.getByRole('button', { name: 'Wake it' }).click()
    await page.getByText('Waking shop-alice').waitFor()
  })

  it('finds its way back to a gateway that was away', async () => {
    const { gateway, page, put, url } = await start()
    put('starting', [0, 0])
    await page.goto(url)
    await eventually('it follows the state', () => gateway.watchers.size === 1)
    // Its connection goes, as when the gateway is replaced by a new one.
    gateway.router.remove(1001)
    put('starting', [1, 1])
    await page.getByText('1 of 3 ready').waitFor()
    put('running', [1, 3])
    await page.getByText('The application at').waitFor()
  })

  it.each([
    ['an address with a fragment', '/some/page?with=query#part', '/some/page?with=query'],
    ['a path that would be another host by itself', '//localhost./x', '//localhost./x'],
  ])('goes on without scripts, too: %s', async (_, asked, arrived) => {
    const { page, put, url } = await start(false)
    put('suspended', [0, 0])
    await page.goto(`${new URL(url).origin}${asked}`)
    // Chromium parses it, but shows it only to who has switched scripts off for good.
    expect(await page.content()).toContain('This page looks again every 2 seconds.')
    put('running', [1, 3])
    await page.getByText(`The application at ${arrived}`).waitFor({ timeout: 20_000 })
  })

  it('holds a form that is sent meanwhile, and sends it once', async () => {
    const { page, requests, put, url, gateway } = await start()
    put('running', [])
    await page.goto(url)
    put('suspended', [0, 0])
    const sent = page.evaluate(async () => (await fetch('/form', { method: 'POST', body: 'x' })).status)
    await eventually('it is held', () => gateway.wake.waiting === 1)
    put('running', [])
    expect(await sent).toBe(200)
    expect(requests.filter((request) => request === 'POST /form')).toHaveLength(1)
  })
})
