import { eventually, type Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bootPlugged, type PluggedPlatform } from '../fixtures/plugged-platform.ts'

const server = `require('node:http').createServer((_, to) => to.end('lesson')).listen(8080, process.env.STANDIN_ADDRESS)`
const blueprint = `name: lesson
services:
  web:
    command: ["node", "-e", ${JSON.stringify(server)}]
    expose: [8080]
x-standin:
  publish: { www: "web:8080" }
`
// Held always: whenever this test runs, a session goes on, and where it is held it is midnight in twelve hours at the earliest.
const timeZone = new Date().getUTCHours() < 12 ? 'UTC' : 'Etc/GMT+12'
const config = `plugins:
  - use: classroom
    with:
      classes:
        - name: intro
          template: lesson
          seats: 2
          students: [ada, bob]
          timetable: [{ days: '0-6', from: '00:00', to: '00:00', timeZone: '${timeZone}' }]
`

interface Shown {
  readonly seats: readonly { readonly student: string; readonly state: string; readonly environment: number; readonly url: string }[]
}

describe('with the plugin classroom', { timeout: 240_000 }, () => {
  let platform: Platform
  let booted: PluggedPlatform | undefined
  beforeAll(async () => {
    booted = await bootPlugged(config, blueprint)
    platform = booted.platform
  }, 120_000)
  afterAll(() => booted?.stop(), 60_000)

  const seats = async (state: string) => {
    return eventually(async () => {
      const shown = await platform.json<Shown>('class', 'show', 'intro')
      return shown.seats.every((seat) => seat.state === state) ? shown.seats : undefined
    }, 120_000)
  }

  it('lists and shows classes whose seats answer at names of their own, and makes one anew', async () => {
    const before = await seats('ready')
    expect((await platform.cli('class', 'list')).stdout).toMatch(/^intro +lesson@1 +session +until .* 2 +2$/m)
    expect(before.map(({ student, url }) => [student, new URL(url).hostname.split('.')[0]])).toEqual([
      ['ada', 'intro-1'],
      ['bob', 'intro-2'],
    ])
    const answer = await platform.ask(new URL(before[0]?.url ?? '').hostname, '/')
    expect(answer).toMatchObject({ status: 200, body: 'lesson' })

    const reset = await platform.cli('class', 'reset', 'intro', '1', '--yes')
    expect(reset).toMatchObject({ code: 0, stderr: expect.stringContaining('Seat 1 of intro is being made anew') })
    const after = await eventually(async () => {
      const shown = await platform.json<Shown>('class', 'show', 'intro')
      return shown.seats[0]?.environment === before[0]?.environment ? undefined : shown.seats
    }, 120_000)
    expect(after[0]?.url).toBe(before[0]?.url)
    expect(after[1]).toEqual(before[1])
    expect((await platform.cli('class', 'show', 'intro')).stdout).toMatch(/^ +1 +ada +ready +\d+ +http.*intro-1\..*$/m)

    const { url } = await platform.json<{ url: string }>('class', 'link', 'intro')
    expect(url).toMatch(/^http:.*\/v1\/plugins\/classroom\/classes\/intro\/page\/enter#[0-9a-f]{12}\./)
    expect(await platform.cli('class', 'show', 'other')).toMatchObject({ stderr: expect.stringContaining('there is no class other') })
    // What is not there is told before anybody is asked anything.
    expect(await platform.cli('class', 'reset', 'intro', '9')).toMatchObject({ code: 2, stderr: expect.stringContaining('has no seat 9') })
    expect(await platform.cli('class', 'reset', 'intro', '2')).toMatchObject({
      stderr: expect.stringContaining('seat 2 of intro, that of bob,'),
    })
  })
})
