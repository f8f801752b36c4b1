import type { Environment } from '@standin/client'
import { StandinClient } from '@standin/client/connect'
import { Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeLabels } from '../change-labels.ts'
import type { Context } from '../context.ts'

describe('verbs that plugins have to do with, where none runs', { timeout: 180_000 }, () => {
  let platform: Platform
  beforeAll(async () => {
    platform = await Platform.boot()
    await platform.cli('attach', 'legacy', '--service', 'www=127.0.0.1:9', '--label', 'team=old')
  }, 120_000)
  afterAll(() => platform?.stop(), 120_000)

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
    expect((await platform.cli('extend', 'legacy', '90000d')).stderr).toContain("'90000d' is too long: at most 3650d is possible")
  })

  it('label an environment, and leave its other labels', async () => {
    const { stderr } = await platform.cli('label', 'legacy', 'shutdown_time=-', 'note=a=b c')
    expect(stderr).toMatch(/^legacy \(\d+\) is labelled shutdown_time=-, labelled note=a=b c\.$/m)
    expect(await labels()).toEqual({ team: 'old', shutdown_time: '-', note: 'a=b c' })
    await platform.cli('label', 'legacy', 'team=x', '--remove', 'shutdown_time', '--dry-run')
    expect(await labels()).toMatchObject({ team: 'old', shutdown_time: '-' })
    await platform.cli('label', 'legacy', '--remove', 'shutdown_time', '--remove', 'note')
    expect(await labels()).toEqual({ team: 'old' })
    for (const [wrong, said] of [
      [[], 'No label is named'],
      [['novalue'], "'novalue' is not of the form key=value"],
      [['a=1', '--remove', 'a'], 'Label a is to be set and taken away at once'],
    ] as const) {
      const answer = await platform.cli('label', 'legacy', ...wrong)
      expect([answer.code, answer.stderr]).toEqual([2, expect.stringContaining(said)])
    }
  })

  it('lose no label that somebody else writes at the same time', async () => {
    const others = await new StandinClient({ url: platform.running.api, token: platform.token }).environments.get('legacy')
    let isFirst = true
    const client = new StandinClient({
      url: platform.running.api,
      token: platform.token,
      fetch: async (input, init) => {
        if (init?.method === 'PATCH' && isFirst) {
          isFirst = false
          await others.update({ labels: { team: 'new' } })
        }
        return fetch(input, init)
      },
    })
    const said: string[] = []
    const context = {
      connect: async () => client,
      signal: new AbortController().signal,
      messages: { info: (line: string) => said.push(line) },
      output: { format: 'table' },
    } as unknown as Context
    await changeLabels(context, ['legacy'], () => ({ labels: { 'suspend.pin': '' }, done: 'pinned' }), {})
    expect(said).toEqual([expect.stringMatching(/^legacy \(\d+\) is pinned\.$/)])
    expect(await labels()).toEqual({ team: 'new', 'suspend.pin': '' })
    await others.update({ labels: { team: 'old' } })
  })

  it('let no text that somebody else wrote steer the terminal', async () => {
    await platform.cli('pin', 'legacy', '--reason', 'red \u001b[31m and\nnext  nothing')
    for (const verb of ['why', 'show']) {
      const { stdout } = await platform.cli(verb, 'legacy')
      expect(stdout).toContain('suspend.pin=red  [31m and next  nothing')
      expect(stdout).not.toContain('\u001b[31m')
    }
    await platform.cli('unpin', 'legacy')
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
    const link = platform.cli('class', 'link', 'intro', '--expires', '30d')
    expect((await link).stderr).toContain("'30d' is too long: at most 7d is possible")
  })

  it('leave costs out where no plugin usage runs, and say what reports are missing', async () => {
    const { stdout, stderr } = await platform.cli('list')
    expect([stdout.split('\n')[0], stderr]).toEqual([expect.stringMatching(/MEMORY$/), ''])
    expect((await platform.json<object[]>('list'))[0]).not.toHaveProperty('cost')
    expect(await platform.cli('usage', 'report')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('No plugin usage runs in this control plane.'),
    })
    for (const more of [['quotas'], ['board', 'lobby'], ['board', '--list'], ['board', '--revoke', '0123456789ab']]) {
      const stderr = expect.stringContaining('docs/guide/usage.md says how')
      expect(await platform.cli('usage', ...more)).toMatchObject({ code: 4, stderr })
    }
  })
  it('say with people what to do next, and that there was nothing left to do', async () => {
    await platform.cli('user', 'add', 'carol', '--email', 'carol@example.com')
    const said = async (...arguments_: string[]) => (await platform.cli(...arguments_)).stderr
    expect(await said('role', 'grant', 'testers', 'viewer', '--everywhere')).toContain('for a group say --group')
    expect(await said('user', 'add', 'carol')).toContain('next: Take another one')
    const address = await said('user', 'add', 'dan', '--email', 'dan')
    expect(address).toMatch(/^error: the request is not valid: \/body\/email must match pattern "[^"]+"\n/)
    expect(await platform.cli('user', 'deactivate', 'carol', '--yes')).toMatchObject({ code: 0, stderr: 'carol is inactive.\n' })
    const again = { code: 0, stdout: '', stderr: 'carol is inactive already.\n' }
    expect(await platform.cli('user', 'deactivate', 'carol', '--yes')).toMatchObject(again)
  })
})
