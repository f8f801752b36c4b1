import type { Environment } from '@standin/client'
import { Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

describe('verbs that plugins have to do with, where none runs', { timeout: 60_000 }, () => {
  let platform: Platform
  beforeAll(async () => {
    platform = await Platform.boot()
    await platform.cli('attach', 'legacy', '--service', 'www=127.0.0.1:9', '--label', 'team=old')
  }, 60_000)
  afterAll(() => platform?.stop(), 60_000)

  const labels = async () => (await platform.json<Environment>('show', 'legacy')).labels

  it('keep what they say in labels, and leave the others', async () => {
    const before = Date.now()
    expect((await platform.cli('extend', 'legacy', '4h')).stderr).toMatch(/^legacy \(\d+\) is left alone by the plugin suspend until /)
    const { 'suspend.awake-until': until = '', ...others } = await labels()
    expect(Date.parse(until) - before).toBeGreaterThanOrEqual(4 * 3_600_000)
    expect(others).toEqual({ team: 'old' })
    // It never becomes shorter, and a dry run changes nothing.
    await platform.cli('extend', 'legacy', '1h')
    await platform.cli('pin', 'legacy', '--dry-run')
    expect(await labels()).toEqual({ team: 'old', 'suspend.awake-until': until })

    await platform.cli('pin', 'legacy', '--reason', 'demo on Friday')
    expect(await labels()).toMatchObject({ team: 'old', 'suspend.pin': 'demo on Friday' })
    expect((await platform.cli('why', 'legacy')).stdout).toMatch(/^labels +suspend.pin=demo on Friday/m)
    await platform.cli('unpin', 'legacy')
    expect(await labels()).toEqual({ team: 'old' })
  })

  it('say what is known where no plugin suspend runs', async () => {
    const { stdout, stderr } = await platform.cli('why', 'legacy')
    expect(stdout).toMatch(/^state +running, for/m)
    expect(stdout).toMatch(/^next +not known: no plugin suspend runs inside of this control plane$/m)
    expect(stderr).toMatch(/One that `standin plugin run` has beside it\nanswers .*: GET \/v1\/plugins\/suspend\/environments\/\d+, /)
    expect(await platform.json('why', 'legacy')).toMatchObject({ name: 'legacy', next: null })
  })

  it('show what was told of an environment, the last of it, and of no other', async () => {
    const { id } = await platform.json<Environment>('show', 'legacy')
    await platform.api('POST', '/v1/events', { kind: 'team.lunch', message: 'of nobody' })
    for (let n = 1; n <= 7; n++)
      await platform.api('POST', '/v1/events', { kind: 'suspend.deletion-announced', message: `word ${n}\nof it`, environment: id })
    const { stdout } = await platform.cli('show', 'legacy')
    expect(stdout).toMatch(/^NOTICE +TOLD +BY +MESSAGE$/m)
    expect(stdout.match(/^suspend\.deletion-announced .* word \d of it$/gm)?.map((line) => line.slice(-7, -6))).toEqual([...'34567'])
    expect(stdout).not.toContain('of nobody')
    expect((await platform.json<{ notices: object[] }>('show', 'legacy')).notices).toHaveLength(5)
  })

  it('tell what is no environment and no duration', async () => {
    expect((await platform.cli('why', 'nobody')).code).toBe(4)
    expect((await platform.cli('extend', 'legacy', 'tomorrow')).stderr).toContain("'tomorrow' is not a duration")
  })

  it('leave costs out where no plugin usage runs, and say what reports are missing', async () => {
    const { stdout, stderr } = await platform.cli('list')
    expect([stdout.split('\n')[0], stderr]).toEqual([expect.stringMatching(/MEMORY$/), ''])
    expect((await platform.json<object[]>('list'))[0]).not.toHaveProperty('cost')
    expect(await platform.cli('usage', 'report')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('No plugin usage runs in this control plane.'),
    })
    expect(await platform.cli('usage', 'quotas')).toMatchObject({ code: 4 })
  })
})
