import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { PluginList } from '@standin/client'
import { StandinClient } from '@standin/client/connect'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const source = join(import.meta.dirname, '..')
let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'standin-loop-watch-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** `node <entry> …`: its lines of JSON on standard output and standard error, and how it ended. */
function run(entry: string, ...arguments_: string[]) {
  const child = spawn(process.execPath, [join(source, entry), ...arguments_], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = createInterface({ input: child.stdout })
  const logged = createInterface({ input: child.stderr })
  return { child, said, logged, ended: once(child, 'close') as Promise<[number | null, string | null]> }
}

describe('The watch over the loop', { timeout: 60_000 }, () => {
  it('ends control where the code of a plugin never returns, and says and writes down whose it is', async () => {
    const file = join(dir, 'held-loops.json')
    const { said, ended } = run('fixtures/held-loop.ts', file, 'plugin')
    const [line] = (await once(said, 'line')) as [string]
    expect(await ended).toEqual([null, 'SIGKILL'])
    const place = join(source, 'fixtures/held-loop.ts:13 (hold)')
    expect(JSON.parse(line)).toEqual({ warning: expect.stringMatching(/^plugin\/greeter did not let anything else of control run/) })
    expect(line).toContain(`at ${place}: control is ended`)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([{ plugin: 'greeter', at: expect.stringMatching(/^20/), place }])
  })

  it('tells where it is held up by no plugin, and ends nothing', async () => {
    const until = join(dir, 'go')
    const { logged, ended } = run('fixtures/held-loop.ts', join(dir, 'held-loops.json'), until)
    const [line] = (await once(logged, 'line')) as [string]
    expect(JSON.parse(line).msg).toMatch(/it is at .*held-loop\.ts:13 \(hold\), in no plugin$/)
    writeFileSync(until, '')
    expect(await ended).toEqual([0, null])
    expect(existsSync(join(dir, 'held-loops.json'))).toBe(false)
  })

  it('a plugin that held control up three times within a day is left out until control was stopped in order', async () => {
    const config = join(dir, 'standin.config.yaml')
    const file = join(dir, 'home/control/held-loops.json')
    const held = (hoursAgo: number) => ({
      plugin: 'loops',
      at: new Date(Date.now() - hoursAgo * 3_600_000).toISOString(),
      place: 'loops.mjs:1',
    })
    const plugin = `export default { id: 'loops', config: { type: 'object' }, setup: () => ({ async admit() { throw new Error('it runs') } }) }`
    mkdirSync(join(dir, 'home/control'), { recursive: true })
    writeFileSync(join(dir, 'loops.mjs'), plugin)
    writeFileSync(config, 'plugins:\n  - use: ./loops.mjs\n  - use: usage\n')
    const listOf = async (...times: number[]): Promise<PluginList['items']> => {
      if (times.length > 0) writeFileSync(file, JSON.stringify(times.map(held)))
      const { child, said, logged, ended } = run('main.ts', '--home', join(dir, 'home'), '--api', '127.0.0.1:0', '--config', config)
      logged.resume()
      const { api, tokenFile } = JSON.parse(((await once(said, 'line')) as [string])[0])
      const client = new StandinClient({ url: api, token: readFileSync(tokenFile, 'utf8').trim() })
      // Answered once all have begun.
      await client.environments.plan({ name: 'shop', provider: 'attach', services: [{ name: 'www', endpoints: ['127.0.0.1:9'] }] })
      await client.plugins.ask('usage', '/quotas')
      const { items } = await client.plugins.list()
      child.kill('SIGTERM')
      expect(await ended).toEqual([0, null])
      return items
    }

    expect((await listOf(25, 3, 1)).map(({ id, state }) => [id, state])).toEqual([
      ['loops', 'running'],
      ['usage', 'running'],
    ])
    const [loops, usage] = await listOf(4, 3, 1)
    expect(loops).toMatchObject({ state: 'stopped', health: 'failing' })
    expect(loops?.message).toMatch(
      /^plugin\/loops is switched off: it held all of control up 3 times within a day, last at .* in loops\.mjs:1/,
    )
    expect(usage).toMatchObject({ state: 'running', health: 'ok' })
    expect((await listOf())[0]).toMatchObject({ state: 'running' })
  })
})
