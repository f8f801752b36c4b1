import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { StandinClient, StandinError } from '@standin/client'
import type { Plugin } from '@standin/core'
import { contrastOfText, has } from '@standin/testing'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { builtInPlugins } from '../../index.ts'
import { usagePlugin } from '../usage-plugin.ts'
import { boardAlone } from './fixtures/board-alone.ts'
import { busyDay, busyOwners, busyProjects, evil, evilDay } from './fixtures/busy-day.ts'

/** Where the board is looked at by whoever made it: `SCREENSHOTS=/tmp/pages vitest run …`. */
const screenshots = process.env.SCREENSHOTS

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

  const boot = async (plugin: Plugin, config = {}, beside: Parameters<typeof bootPlugin>[2] = {}): Promise<BootedPlugin> => {
    const booted = await bootPlugin(plugin, config, { at: '2026-11-20T14:32:00Z', ...beside })
    open.push(booted)
    return booted
  }
  /** A window that has never been here; what its page complains of is kept. */
  const look = async (width = 1920, height = 1080) => {
    const context = await browser.newContext({ viewport: { width, height }, locale: 'en-GB', reducedMotion: 'reduce' })
    open.push({ [Symbol.asyncDispose]: () => context.close() })
    const page = await context.newPage()
    const [faults, hosts] = [[] as string[], new Set<string>()]
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (said) => said.type() === 'error' && faults.push(said.text()))
    page.on('request', (request) => request.url().startsWith('data:') || hosts.add(new URL(request.url()).host))
    return { context, page, faults, hosts }
  }
  const linkTo = async (booted: BootedPlugin): Promise<string> => {
    const headers = { 'content-type': 'application/json' }
    const answer = await booted.fetch('/board/links', { method: 'POST', headers, body: JSON.stringify({ name: 'lobby' }) })
    expect(answer.status).toBe(201)
    return booted.client.url + ((await answer.json()) as { path: string }).path
  }
  const see = async (page: Page, name: string, fullPage = false) => {
    if (screenshots !== undefined) await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage })
  }
  const number = (page: Page, id: string) => page.locator(`#${id} .value`).textContent()
  const rows = (page: Page, id: string) => page.locator(`#${id} li:visible`).allInnerTexts()

  it('is let in by a link, and shows numbers that change as environments do', async () => {
    const nightly = [{ name: 'evening', at: '20:00', timeZone: 'Europe/Berlin', days: '0-7' }]
    const suspend = (await builtInPlugins.suspend?.()) as Plugin
    const booted = await boot(usagePlugin as Plugin, { timeZone: 'Europe/Berlin' }, { beside: [[suspend, { nightly }]] })
    const shop = await booted.clone('shop-1', { project: 'shop' })
    const { page, faults, hosts, context } = await look()
    await page.goto(await linkTo(booted))
    await page.locator('body.live').waitFor()
    expect(page.url()).toBe(`${booted.client.url}/v1/plugins/usage/board`)
    expect([await number(page, 'environments'), await page.locator('#time').textContent()]).toEqual(['1', '15:32'])
    const svms = Number(await number(page, 'svms'))
    expect(svms).toBeGreaterThan(0)
    await page.locator('#next li', { hasText: 'shop-1' }).waitFor()
    expect(await rows(page, 'next')).toEqual([expect.stringMatching(/^shop-1\s+in 4 h\s+1001 .*nightly evening\s+20:00$/)])

    await booted.clone('shop-2', { project: 'search' })
    await booted.advance('1s')
    await page.locator('#environments .value', { hasText: '2' }).waitFor()
    expect(Number(await number(page, 'svms'))).toBe(2 * svms)
    const projects = await page.locator('#projects li > :first-child').allInnerTexts()
    // What the template holds is of no project.
    expect(projects.sort()).toEqual(['no project', 'search', 'shop'])
    await shop.suspend({ reason: 'lunch' })
    await booted.settled()
    await booted.advance('1s')
    await page.locator('#environments .below', { hasText: '1 asleep' }).waitFor()
    expect([await number(page, 'environments'), Number(await number(page, 'svms'))]).toEqual(['1', svms])

    // It is in no place from where it could get out: nothing a script can read, no address, no other host.
    expect(await page.evaluate(() => [document.cookie, location.hash, document.referrer])).toEqual(['', '', ''])
    expect(await context.cookies()).toMatchObject([{ httpOnly: true, sameSite: 'Strict', path: '/v1/plugins/usage' }])
    expect([...hosts]).toEqual([new URL(booted.client.url).host])
    expect(faults).toEqual([])
  })

  it('says so, all over, when its numbers are not of now, and goes on by itself when they are', { timeout: 120_000 }, async () => {
    const booted = await boot(boardAlone(busyDay) as Plugin)
    const cable = await Cable.to(new URL(booted.client.url))
    open.push(cable)
    const { page } = await look()
    await page.goto((await linkTo(booted)).replace(booted.client.url, cable.url))
    await page.locator('body.live').waitFor()
    cable.cut()
    const alarm = page.getByRole('alert')
    await alarm.getByText(/^No connection since 15:32:\d\d\. These numbers are .* old\.$/).waitFor()
    expect(await page.locator('body').getAttribute('class')).toBe('stale')
    expect(await page.getByRole('status').textContent()).toBe('not live')
    expect(await page.title()).toContain('Not live')
    // They are still there to be read.
    expect(await number(page, 'svms')).toBe('265')
    await see(page, 'stale')
    expect(await page.locator('#svms').evaluate(contrastOfText)).toBeGreaterThan(4.5)
    await booted.clone('meanwhile')
    cable.mend()
    await page.locator('body.live #environments .value', { hasText: '1' }).waitFor()
    expect([await alarm.isVisible(), await page.getByRole('status').textContent()]).toEqual([false, 'live'])
  })

  it('shows other people’s words as they are, and runs none of them', async () => {
    const booted = await boot(boardAlone(evilDay) as Plugin)
    await booted.clone('shop-evil', { project: '"><img src=x onerror=alert(1)>' })
    const { page, faults } = await look()
    await page.goto(await linkTo(booted))
    await page.locator('body.live').waitFor()
    expect(await page.locator('#projects').textContent()).toContain(evil.project)
    expect(await page.locator('#owners').textContent()).toContain(evil.owner)
    expect(await page.locator('main script, main img').count()).toBe(0)
    expect(await page.title()).toMatch(/running: Standin$/)
    // Nor could it where the page made a mistake.
    const ran = await page.evaluate(() => {
      try {
        document.body.innerHTML = '<img src=x onerror="window.owned = true">'
      } catch {
        // What Trusted Types are for.
      }
      return 'owned' in window
    })
    expect(ran).toBe(false)
    expect(faults.filter((fault) => !fault.includes('TrustedHTML'))).toEqual([])
  })

  it('goes blank when the screen may look no longer, and says what to do where it never might', async () => {
    const booted = await boot(boardAlone(busyDay) as Plugin)
    const { page } = await look()
    const link = await linkTo(booted)
    await page.goto(link)
    await page.locator('body.live').waitFor()
    const { items } = (await (await booted.fetch('/board/passes')).json()) as { items: { id: string }[] }
    await booted.fetch(`/board/passes/${items[0]?.id}`, { method: 'DELETE' })
    await page.getByText('This browser has not been let in').waitFor()
    expect(await page.locator('#svms').count()).toBe(0)
    await see(page, 'stranger')
    await page.goto(link)
    await page.getByText('This link does not work any more').waitFor()
  })

  it('fits the screen on the wall, and a phone, and can be read on both', async () => {
    const suspend = (await builtInPlugins.suspend?.()) as Plugin
    const nightly = [{ name: 'evening', at: '20:00', timeZone: 'Europe/Berlin', days: '0-7' }]
    const booted = await boot(boardAlone(busyDay) as Plugin, {}, { beside: [[suspend, { nightly, idleAfter: '2h' }]] })
    booted.world.fail('create', new StandinError('host_failed', 'host db exited with code 1'))
    await booted.clone('payments-pr-881', { project: 'payments' })
    for (const [index, owner] of busyOwners.entries()) {
      const { token } = await booted.client.tokens.create({ name: owner, scope: 'write' })
      const client = new StandinClient({ url: booted.client.url, token })
      for (const which of [0, 3]) {
        const project = busyProjects[(index + which) % busyProjects.length] ?? ''
        await client.environments.create({ template: 'shop', name: `${project.split('-')[0]}-${owner}`, labels: { project } })
      }
    }
    await booted.settled()
    await booted.client.environments.act('search-carol', 'suspend')
    await booted.advance('3m')
    const { page, faults } = await look()
    await page.goto(await linkTo(booted))
    await page.locator('body.live').waitFor()
    await page.locator('#failed li.bad').waitFor()
    await see(page, 'board')
    const overflow = () =>
      page.evaluate(() => [document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight])
    expect(await overflow()).toEqual([0, 0])
    const tall = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize))
    expect(await tall('#svms .value')).toBeGreaterThan(80)
    expect(await tall('#projects .text')).toBeGreaterThan(18)
    for (const part of ['.tile h2', '.tile .below', '.panel .name', '#quotas .figure', '.panel .text', '#time', '#link'])
      expect(await page.locator(part).first().evaluate(contrastOfText), part).toBeGreaterThan(4.5)
    // That of the guide.
    await page.setViewportSize({ width: 1440, height: 810 })
    await see(page, 'usage-board')
    for (const [width, height] of [
      [3840, 2160],
      [1366, 768],
    ] as const) {
      await page.setViewportSize({ width, height })
      expect(await overflow(), `${width}`).toEqual([0, 0])
    }
    await page.setViewportSize({ width: 390, height: 844 })
    await see(page, 'phone', true)
    expect((await overflow())[0]).toBe(0)
    expect(faults).toEqual([])
  })
})

/** Between a browser and a control plane. Its port stays its own while it is cut. */
class Cable implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isCut = false

  static async to({ hostname, port }: URL): Promise<Cable> {
    const cable = new Cable(Number(port), hostname)
    cable.#server.listen(0, '127.0.0.1')
    await once(cable.#server, 'listening')
    return cable
  }

  private constructor(port: number, hostname: string) {
    this.#server = createServer((near) => {
      if (this.#isCut) return near.destroy()
      const far = connect(port, hostname)
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from)
        from.on('error', () => {}).on('close', () => to.destroy())
        from.pipe(to)
      }
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }

  mend(): void {
    this.#isCut = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.cut()
  }
}
