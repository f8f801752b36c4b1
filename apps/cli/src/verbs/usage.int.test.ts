import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Environment } from '@standin/client'
import { eventually, type Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bootPlugged, type PluggedPlatform } from '../fixtures/plugged-platform.ts'

const blueprint = `name: tiny
services:
  www:
    command: ["sleep", "1000"]
    deploy: { resources: { limits: { cpus: "2" } } }
`
const config = `plugins:
  - use: usage
    with:
      rates: { currency: EUR, svmHour: 0.05, changes: [{ project: crm, svmHour: 1 }] }
      categories: [{ label: team }]
      quotas: [{ project: shop, environments: 1 }]
`

describe('with the plugin usage', { timeout: 120_000 }, () => {
  let platform: Platform
  let booted: PluggedPlatform | undefined
  beforeAll(async () => {
    booted = await bootPlugged(config, blueprint)
    platform = booted.platform
  }, 120_000)
  afterAll(() => booted?.stop(), 60_000)

  it('up says what an hour costs before anything starts, and list and show what it has cost', async () => {
    const { code, stdout, stderr } = await platform.cli('up', 'tiny', '--name', 'one', '--label', 'project=shop', '--label', 'team=red')
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 })
    expect(stderr.split('\n')[0]).toBe('It costs 0.10 EUR an hour while it runs (2 SVMs).')
    expect((await platform.cli('up', 'tiny', '--count', '2', '--label', 'project=crm', '--dry-run')).stderr).toContain(
      'Each of them costs 2.00 EUR an hour while it runs (2 SVMs), all 2 together 4.00 EUR.',
    )
    const two = await platform.json<{ cost: object }>('up', 'tiny', '--name', 'two', '--label', 'project=crm')
    expect(two.cost).toEqual({ currency: 'EUR', perHour: 2, svms: 2 })
    const table = await eventually(async () => {
      const { stdout: text } = await platform.cli('list')
      return text.match(/ \d\.\d\d+ EUR$/gm)?.length === 2 ? text : undefined
    })
    expect(table.split('\n')[0]).toMatch(/MEMORY +COST$/)
    const listed = await platform.json<(Environment & { cost: object })[]>('list')
    expect(listed.map(({ cost }) => cost)).toEqual([2, 0.1].map((perHour) => ({ currency: 'EUR', soFar: expect.any(Number), perHour })))
    expect((await platform.cli('show', 'one')).stdout).toMatch(/so far +\d\.\d+ EUR for .* SVM-hours/)
  })

  it('list --watch says what each has cost, too', async () => {
    const watching = spawn(resolve(import.meta.dirname, '../../../../bin/standin'), ['list', '--watch', '--json'], {
      env: { PATH: process.env.PATH ?? '', STANDIN_HOME: platform.home },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(watching, 'exit')
    const [line] = (await once(createInterface({ input: watching.stdout }), 'line')) as [string]
    watching.kill('SIGINT')
    await ended
    expect(JSON.parse(line)).toMatchObject({ name: 'two', cost: { currency: 'EUR', soFar: expect.any(Number), perHour: 2 } })
  })

  it('a quota refuses with who has what, and with an exit code of its own', async () => {
    const { code, stderr } = await platform.cli('up', 'tiny', '--label', 'project=shop')
    expect(code).toBe(7)
    expect(stderr).toContain('error: The project shop may have 1 environment and has 1: admin 1\n')
    expect(stderr).toMatch(/next: Delete what is not needed: `standin list --label project=shop`/)
    expect((await platform.cli('usage', 'quotas')).stdout).toMatch(/^project shop +environments +1 +1 +100 % +admin$/m)
  })

  it('reports as a table, as JSON, as CSV on stdout and in a file', async () => {
    // A day that is not over has something in it only once a minute of it is.
    const from = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
    const { stdout } = await platform.cli('usage', 'report', '--by', 'project', '--by', 'team', '--from', from)
    expect(stdout === '' || /^PROJECT +TEAM +SVM-HOURS +GB-HOURS +EUR\n/.test(stdout)).toBe(true)
    const report = await platform.json<{ columns: string[]; total: object }>('usage', 'report', '--by', 'owner', '--from', from)
    expect(report.columns).toEqual(['owner', 'svmHours', 'gbHours', 'cost'])
    const csv = await platform.cli('usage', 'report', '--csv', '--bucket', 'day', '--by', 'project', '--from', from)
    expect(csv.stdout).toMatch(/^"period","project","svmHours","gbHours","cost"\r\n/)
    const file = join(booted?.folder ?? '', 'report.csv')
    const { code, stderr } = await platform.cli('usage', 'report', '--by', 'team', '--from', from, '--file', file)
    expect({ code, stderr }).toEqual({ code: 0, stderr: `The report is in ${file}.\n` })
    expect(readFileSync(file, 'utf8')).toMatch(/^"label:team","svmHours","gbHours","cost"\r\n/)
  })

  it.each([
    ['an unknown time zone', ['--time-zone', 'Mars/Base'], "'Mars/Base' is not a time zone"],
    ['an end before the beginning', ['--from', '2026-02-02', '--to', '2026-01-01'], 'The range ends before it begins'],
    ['too many periods', ['--from', '2001-01-01', '--bucket', 'hour'], 'more than 10000 periods'],
    ['what nothing is told apart by', ['--by', 'colour'], "There is no report by 'colour'"],
    ['two formats', ['--csv', '--json'], '--csv and --output exclude one another'],
  ])('refuses %s', async (_, flags, message) => {
    const { code, stderr } = await platform.cli('usage', 'report', ...flags)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) })
  })

  it('lets a screen see the board by a link that works once, lists it, and ends that', async () => {
    const { stdout, stderr } = await platform.cli('usage', 'board', 'lobby', '--expires', '30d')
    expect(stderr).toContain('It works once:')
    const [, page = '', code = ''] = /^(http:\/\/\S+\/board)\/enter#(\S+)\n$/.exec(stdout) ?? []
    const headers = { 'content-type': 'application/json' }
    const enter = () => fetch(`${page}/enter`, { method: 'POST', headers, body: JSON.stringify({ code }) })
    const entered = await enter()
    expect([entered.status, (await enter()).status]).toEqual([204, 401])
    const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? ''
    const look = async () => (await fetch(page, { headers: { cookie } })).status
    expect([await look(), (await fetch(page)).status]).toEqual([200, 401])
    const [pass] = await platform.json<{ id: string; name: string }[]>('usage', 'board', '--list')
    expect(pass).toMatchObject({ name: 'lobby', createdBy: 'token:admin' })
    expect((await platform.cli('usage', 'board', '--list')).stdout).toMatch(/^\S+ +lobby +token:admin +\d+m?s /m)
    expect(await platform.cli('usage', 'board', '--revoke', pass?.id ?? '')).toMatchObject({ code: 0, stderr: `Revoked ${pass?.id}.\n` })
    expect(await look()).toBe(401)
    const none = await platform.cli('usage', 'board', '--revoke', '000000000000')
    expect(none).toMatchObject({ code: 4, stderr: expect.stringContaining('there is no pass 000000000000') })
    expect(await platform.cli('usage', 'board', '--revoke', '../quotas')).toMatchObject({ code: 2 })
  })
})
