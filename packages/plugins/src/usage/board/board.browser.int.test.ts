import { has } from '@standin/testing'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { UsageSpan } from '../metering/usage-span.ts'
import type { BoardSources } from './board-sources.ts'
import { boardAlone } from './fixtures/board-alone.ts'

/** Where the board is looked at by whoever made it: `SCREENSHOTS=/tmp/pages vitest run …`. */
const screenshots = process.env.SCREENSHOTS

const span = (environment: number | null, project: string, owner: string, svms: number, gigabytes: number): UsageSpan => ({
  ...{ environment, template: 'shop@1', name: 'x', owner, labels: { project }, from: 0, to: null, svms },
  storageBytes: gigabytes * 2 ** 30,
})

describe.skipIf(!has('chromium', 'chromium'))('The board in Chromium', { timeout: 60_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--no-proxy-server']
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', ...quiet] })
  }, 60_000)
  afterAll(() => browser?.close())

  const open: AsyncDisposable[] = []
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]()
  })

  const boot = async (sources: Partial<BoardSources>): Promise<BootedPlugin> => {
    const booted = await bootPlugin(boardAlone(sources), {}, { at: '2026-11-20T14:32:00Z' })
    open.push(booted)
    return booted
  }
  const look = async (width = 1920, height = 1080): Promise<{ page: Page; faults: string[] }> => {
    const context = await browser.newContext({ viewport: { width, height }, locale: 'en-GB', reducedMotion: 'reduce' })
    open.push({ [Symbol.asyncDispose]: () => context.close() })
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (said) => said.type() === 'error' && faults.push(said.text()))
    return { page, faults }
  }
  const linkTo = async (booted: BootedPlugin): Promise<string> => {
    const headers = { 'content-type': 'application/json' }
    const answer = await booted.fetch('/board/links', { method: 'POST', headers, body: JSON.stringify({ name: 'lobby' }) })
    expect(answer.status).toBe(201)
    return booted.client.url + ((await answer.json()) as { path: string }).path
  }
  const see = async (page: Page, name: string) => {
    if (screenshots !== undefined) await page.screenshot({ path: `${screenshots}/${name}.png` })
  }

  it('looks like this', async () => {
    const projects = [
      'shop',
      'checkout-service',
      'search',
      'payments',
      'warehouse',
      '<script>alert(1)</script>',
      'mobile',
      'analytics',
      'infra',
      '',
    ]
    const owners = ['alice', 'bob', 'carol@example.com', '<img src=x onerror=alert(1)>', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy']
    const spans: UsageSpan[] = projects.flatMap((project, index) => [
      span(2000 + index, project, owners[index] as string, 40 - 3 * index, 120 - 11 * index),
      span(3000 + index, project, owners[(index * 3) % 10] as string, 0, 30),
    ])
    spans.push(span(null, 'shop', 'ci', 0, 700))
    const booted = await boot({
      ledger: { current: () => spans },
      money: async () => ({
        currency: 'EUR',
        today: 412.5,
        month: 12_345.67,
        upTo: Date.parse('2026-11-20T14:32:00Z'),
        monthByProject: new Map(projects.map((project, index) => [project, 3800 / (index + 1)])),
        monthByOwner: new Map(owners.map((owner, index) => [owner, 2900 / (index + 1.3)])),
      }),
      quotas: async () => [
        { who: 'project shop', what: 'running SVMs', used: 41, limit: 50, ratio: 0.82 },
        { who: 'owner alice', what: 'storage', used: 120 * 2 ** 30, limit: 100 * 2 ** 30, ratio: 1.2 },
        { who: 'project search', what: 'money per month', used: 950, limit: 1000, ratio: 0.95 },
        { who: 'project infra', what: 'environments', used: 1, limit: 10, ratio: 0.1 },
      ],
    })
    for (const name of ['shop-alice', 'shop-bob', 'checkout-2', 'search-nightly', 'payments-pr-881', 'warehouse'])
      await booted.clone(name, { project: name.split('-')[0] as string })
    const { page, faults } = await look()
    await page.goto(await linkTo(booted))
    await page.getByText('120 %').waitFor()
    await see(page, 'board')
    await page.setViewportSize({ width: 390, height: 844 })
    await page.waitForTimeout(300)
    if (screenshots) await page.screenshot({ path: `${screenshots}/phone.png`, fullPage: true })
    await page.setViewportSize({ width: 1920, height: 1080 })
    await booted.stop()
    await page.getByText('No connection since').waitFor()
    await see(page, 'stale')
    expect(faults.filter((fault) => !fault.includes('ERR_CONNECTION_REFUSED') && !fault.includes('ERR_INCOMPLETE'))).toEqual([])
  })
})
