import { StandinError } from '@standin/client'
import { contrastOfText, has } from '@standin/testing'
import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { classroomPlugin } from '../classroom-plugin.ts'

/** Where the page is looked at by whoever made it: `SCREENSHOTS=/tmp/pages vitest run …`. */
const screenshots = process.env.SCREENSHOTS

const evil = '<img src=x onerror="window.owned=true">\u202e'
const intro = {
  ...{ name: 'intro', template: 'shop', seats: 2, check: false, students: [evil, 'bob'] },
  timetable: [{ days: '1-5', from: '09:00', to: '12:00', timeZone: 'Europe/Berlin' }],
}

describe.skipIf(!has('chromium', 'chromium'))('The page of a class in Chromium', { timeout: 120_000 }, () => {
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

  const boot = async (changes: object = {}): Promise<BootedPlugin> => {
    const booted = await bootPlugin(classroomPlugin, { classes: [{ ...intro, ...changes }] }, { at: '2026-03-02T07:29:00Z' })
    open.push(booted)
    await booted.clone('mine')
    return booted
  }
  const linkTo = async (booted: BootedPlugin): Promise<string> => {
    const headers = { 'content-type': 'application/json' }
    const answer = await booted.fetch('/classes/intro/links', { method: 'POST', headers, body: '{}' })
    return booted.client.url + ((await answer.json()) as { path: string }).path
  }
  /** A window that has never been here; what its page complains of is kept. */
  const look = async (options: { width?: number; height?: number; colorScheme?: 'dark' | 'light' } = {}) => {
    const { width = 1920, height = 1080, colorScheme = 'light' } = options
    const context = await browser.newContext({ viewport: { width, height }, locale: 'en-GB', timezoneId: 'Europe/Berlin', colorScheme })
    open.push({ [Symbol.asyncDispose]: () => context.close() })
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (said) => said.type() === 'error' && faults.push(said.text()))
    return { context, page, faults }
  }
  const see = async (page: Page, name: string, fullPage = false) => {
    if (screenshots !== undefined) await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage })
  }
  const seat = (page: Page, number: number) => page.locator('#seats > li').nth(number - 1)

  it('shows the seats, and resets one for who asks with the keyboard alone', async () => {
    const booted = await boot()
    const { page, faults } = await look()
    await page.goto(await linkTo(booted))
    await page.locator('body.live').waitFor()
    expect(page.url()).toBe(`${booted.client.url}/v1/plugins/classroom/classes/intro/page`)
    expect(await page.locator('#phase').textContent()).toBe('Next session in 31 min')
    expect(await seat(page, 2).textContent()).toContain('not there yet')
    expect(await seat(page, 2).getByRole('button').isDisabled()).toBe(true)

    await booted.advance('2m')
    await seat(page, 2).getByText('ready').waitFor()
    // What it shows may be of the minute before, in which the seats came up.
    await page.locator('#phase', { hasText: /^Begins in 29 min$/ }).waitFor()
    expect(await page.locator('#held').textContent()).toMatch(/^09:00 to 12:00; next Tue/)
    expect(await page.locator('#ready').textContent()).toBe('2 of 2 ready')
    expect(await seat(page, 1).locator('h3').textContent()).toBe(evil)
    expect(await seat(page, 1).getByRole('link').getAttribute('href')).toMatch(/^http:\/\/intro-1\.test-envs\.localhost/)

    // Esc is a no, and so is Enter: what is destroyed is never the default.
    const button = page.getByRole('button', { name: 'Reset seat 2, bob' })
    await button.focus()
    for (const answer of ['Escape', 'Enter']) {
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: 'Make seat 2 (bob) anew?' }).waitFor()
      await page.keyboard.press(answer)
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      expect(await button.evaluate((element) => element === document.activeElement)).toBe(true)
    }
    expect((await booted.client.environments.get('intro-2')).id).toBe(1003)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.locator('#report li', { hasText: 'seat 2: reset by' }).waitFor()
    await booted.settled()
    await expect.poll(async () => (await booted.client.environments.get('intro-2')).id).toBe(1004)

    // What is read or selected stays where it is while the page goes on.
    const link = seat(page, 1).getByRole('link')
    await link.focus()
    await booted.client.activity.report([{ environment: 1002, at: '2026-03-02T07:31:00.000Z', cause: 'GET www' }])
    await seat(page, 1).getByText('used').waitFor()
    expect(await link.evaluate((element) => element === document.activeElement)).toBe(true)

    expect(await page.evaluate(() => ['owned' in window, document.cookie, document.referrer])).toEqual([false, '', ''])
    await page.getByText('List for the students').click()
    await page.getByRole('heading', { name: 'intro' }).waitFor()
    expect(await page.locator('#held').textContent()).toMatch(/^Monday,? 2 March 2026, 09:00 – 12:00 \(Europe\/Berlin\)$/)
    expect(await page.locator('td').allTextContents()).toContain(evil)
    expect(await page.locator('main script, main img').count()).toBe(0)
    expect(faults).toEqual([])
  })

  it('goes blank when the browser may look no longer', async () => {
    const booted = await boot()
    const { client } = booted
    await client.users.create({ userName: 'ada', email: 'ada@example.com' })
    const { token } = await client.tokens.create({ name: 'ada', scope: 'write', user: 'ada' })
    const role = await client.roles.grant({ project: null, role: 'manager', user: 'ada' })
    const asked = await fetch(`${client.url}/v1/plugins/classroom/classes/intro/links`, {
      ...{ method: 'POST', body: '{}', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` } },
    })
    const { page } = await look()
    await page.goto(client.url + ((await asked.json()) as { path: string }).path)
    await page.locator('body.live').waitFor()
    await client.roles.revoke(role.id)
    await page.getByText('This browser has not been let in').waitFor()
    expect(await page.locator('#seats').count()).toBe(0)
    await see(page, 'stranger')
  })

  it('says so when what it shows is old', async () => {
    const booted = await boot()
    await booted.advance('2m')
    const { page, context } = await look()
    await page.clock.install()
    await page.goto(await linkTo(booted))
    await page.locator('body.live').waitFor()
    await context.setOffline(true)
    await page.clock.runFor(20_000)
    await page.getByRole('alert').getByText('No connection to Standin. What stands here is of 08:3').waitFor()
    expect(await page.locator('#link').textContent()).toBe('not live')
    await see(page, 'stale')
    await context.setOffline(false)
    await page.clock.runFor(4_000)
    await page.locator('body.live').waitFor()
    expect(await page.getByRole('alert').isVisible()).toBe(false)
  })

  it('can be read from the last row, on a phone, and by day and night', async () => {
    const students = [
      'Ada Lovelace',
      'Grace Hopper',
      'Bartholomew Featherstonehaugh-Cholmondeley',
      'Eve',
      'Mallory',
      'Trent',
      'Noor al-Amin',
      'Zoë',
    ]
    const booted = await boot({ seats: 12, wave: 1, students })
    for (let n = 0; n < 2; n++)
      booted.world.fail(
        'create',
        new StandinError('host_failed', 'host db of environment 1003 exited with code 1 before it listened on port 5432'),
      )
    await booted.advance('4m')
    await booted.client.activity.report([{ environment: 1004, at: '2026-03-02T07:31:00.000Z', cause: 'GET www' }])
    await booted.client.environments.act('intro-7', 'suspend')
    const overflow = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    for (const [name, options] of Object.entries({
      'class-projector': {},
      'class-night': { colorScheme: 'dark', width: 1440, height: 900 },
      // That of the guide.
      'class-page': { width: 1440, height: 810 },
      'class-phone': { width: 390, height: 844 },
    } as const)) {
      const { page, faults } = await look(options)
      await page.goto(await linkTo(booted))
      await page.locator('body.live').waitFor()
      for (const part of [
        '#phase',
        '#held',
        '#ready',
        '#rest',
        '.ready .state',
        '.asleep .state',
        '.failed .state',
        '.seat .trouble:visible',
        '.address a',
        '.used',
        'button',
        '#report time',
        '#students a',
      ])
        expect(await page.locator(part).first().evaluate(contrastOfText), `${name} ${part}`).toBeGreaterThan(4.5)
      expect(await overflow(page), name).toBe(0)
      await see(page, name, name === 'class-phone')
      await page.getByRole('button', { name: 'Reset seat 2, Grace Hopper' }).click()
      await see(page, `${name}-dialog`)
      await page.getByRole('button', { name: 'Keep it' }).click()
      await page.getByText('List for the students').click()
      await page.getByRole('heading', { name: 'intro' }).waitFor()
      expect(await overflow(page), name).toBe(0)
      // The first seat was given up: it has no address that would hold.
      expect(await page.locator('td').nth(2).textContent()).toBe('not there yet')
      await see(page, `${name}-students`)
      expect(faults).toEqual([])
    }
  })
})
