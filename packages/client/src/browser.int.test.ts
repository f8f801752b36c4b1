import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { SmallControl } from './fixtures/small-control.ts'

const here = import.meta.dirname
const sources = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !/\.test\.ts$|^fixtures\//.test(file),
)
const importsOf = (file: string) =>
  [...readFileSync(join(here, file), 'utf8').matchAll(/^(?:import|export) .*?from '([^']+)'/gms)].map(([, from]) => from)

describe('the client in a browser', () => {
  it('imports nothing but its own files and two libraries', () => {
    expect(sources.length).toBeGreaterThan(15)
    const foreign = sources.flatMap(importsOf).filter((from) => !from?.startsWith('.'))
    expect([...new Set(foreign)].sort()).toEqual(['eventsource-parser', 'typebox'])
    const reachesOut = sources.filter((file) =>
      /\b(process|Buffer|require|__dirname|global)\b[.(]/.test(readFileSync(join(here, file), 'utf8')),
    )
    expect(reachesOut).toEqual([])
  })

  it('works in a realm that has nothing of Node', async () => {
    await using control = await SmallControl.start()
    control.add(1001, { state: 'starting' })
    control.append('environment.changed', 1001, {})
    const run = promisify(execFile)(
      process.execPath,
      [
        '--no-warnings',
        '--experimental-vm-modules',
        '--experimental-import-meta-resolve',
        fileURLToPath(new URL('./fixtures/browser-realm.ts', import.meta.url)),
        control.url,
        control.token,
      ],
      { timeout: 60_000 },
    )
    const followed = setInterval(() => {
      if (control.openStreams > 0 && control.environments.get(1001)?.state === 'starting') control.become(1001, 'running')
    }, 20)
    run.finally(() => clearInterval(followed)).catch(() => undefined)
    expect(JSON.parse((await run).stdout)).toEqual({
      domain: 'test-envs.localhost',
      state: 'running',
      events: 3,
      refused: 'environment_deleted',
    })
  })
})
