import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Plugin } from '@standin/client'
import { cli, eventually, Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newPluginFiles } from './new-plugin.ts'

let dir: string
const env = () => ({ PATH: process.env.PATH ?? '', HOME: dir, STANDIN_HOME: join(dir, 'home'), NO_COLOR: '1' })
/** The CLI as if it were called in `dir`. */
const here = (...arguments_: string[]) =>
  promisify(execFile)(process.execPath, [resolve(import.meta.dirname, 'main.ts'), ...arguments_], { cwd: dir, env: env() }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
  )

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'standin-cli-plugins-'))
  const { code, stderr } = await here('plugin', 'new', 'greeter')
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('use: ./greeter') })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('standin plugin new', { timeout: 180_000 }, () => {
  it('writes a plugin whose test passes', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap'], {
      cwd: join(dir, 'greeter'),
      env: env(),
    })
    expect(stdout).toContain('# pass 2')
  })

  it('writes what the guide shows', () => {
    const guide = readFileSync(resolve(import.meta.dirname, '../../../docs/guide/write-a-plugin.md'), 'utf8')
    for (const file of ['plugin.ts', 'plugin.test.ts']) expect(guide).toContain(newPluginFiles('greeter')[file])
  })

  it('is at home with the other plugin of the guide, whose test passes, too', async () => {
    const guide = readFileSync(resolve(import.meta.dirname, '../../../docs/guide/write-a-plugin.md'), 'utf8')
    for (const file of ['guard.ts', 'guard.test.ts']) {
      const [, code] = new RegExp(`\`${file}\`:\n\n\`\`\`ts\n(.*?)\`\`\``, 's').exec(guide) ?? []
      writeFileSync(join(dir, 'greeter', file), code ?? '')
    }
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', 'guard.test.ts'], {
      cwd: join(dir, 'greeter'),
      env: env(),
    })
    expect(stdout).toContain('# pass 1')
  })

  it('overwrites nothing', async () => {
    expect(await here('plugin', 'new', 'greeter')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('greeter can not be made: it is there already.'),
    })
    expect(await here('plugin', 'new', 'No Name')).toMatchObject({ code: 2, stderr: expect.stringContaining('is not a name') })
  })
})

describe('standin plugin check', { timeout: 180_000 }, () => {
  it('lists the plugins of a good file', async () => {
    writeFileSync(join(dir, 'good.yaml'), 'plugins:\n  - use: ./greeter\n')
    const { code, stdout } = await here('plugin', 'check', 'good.yaml')
    expect([code, stdout]).toEqual([0, expect.stringContaining('greeter')])
  })

  it('sets plugins up to see what is wrong with them, and starts none', async () => {
    const bad = (id: string, setup: string) =>
      writeFileSync(
        join(dir, `${id}.mjs`),
        `export default { id: '${id}', config: { type: 'object' }, setup: async ({ client }) => { ${setup} } }`,
      )
    bad('throws', "throw new Error('no such wiki')")
    bad('acts', 'await client.environments.list()')
    bad('odd', "return { schedules: [{ id: 'x', cron: '61 * * * *', run() {} }], async start() { throw new Error('started') } }")
    bad('late', "setTimeout(() => { throw new Error('later') }, 1); await new Promise((done) => setTimeout(done, 200))")
    const uses = ['throws', 'acts', 'odd', 'late'].map((id) => `  - use: ./${id}.mjs\n`).join('')
    writeFileSync(join(dir, 'setups.yaml'), `plugins:\n${uses}  - use: ./greeter\n    with: {greeting: "\${env:NO_SUCH_GREETING}"}\n`)
    const { code, stderr } = await here('plugin', 'check', 'setups.yaml')
    expect(code).toBe(2)
    expect(
      stderr
        .split('\n')
        .filter((line) => line.includes('setups.yaml:'))
        .map((line) => line.replace(/^.*setups.yaml:/, '')),
    ).toEqual([
      '2:10: plugins.0.use: plugin/throws: no such wiki',
      '3:10: plugins.1.use: plugin/acts: plugin/acts: setup can not use the client: it has no side effects',
      expect.stringContaining("4:10: plugins.2.use: plugin/odd: schedule x: '61 * * * *' is not a cron line"),
      '5:10: plugins.3.use: plugin/late: later',
      '7:22: plugins.4.with.greeting: ${env:NO_SUCH_GREETING} can not be filled in: it is not set',
    ])
  })

  it('says which plugin never returns, and where', async () => {
    const loop = 'async () => {\n  await null\n  for (;;) {}\n}'
    writeFileSync(join(dir, 'loops.mjs'), `export default { id: 'loops', config: { type: 'object' }, setup: ${loop} }`)
    writeFileSync(join(dir, 'loops.yaml'), 'plugins:\n  - use: ./loops.mjs\n  - use: usage\n')
    const { code, stderr } = await here('plugin', 'check', 'loops.yaml')
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^error: plugin\/loops did not return for \d+ s, at \S+loops\.mjs:3 \(setup\)\n/),
    ])
  })

  it('says in which line the syntax of a plugin is wrong', async () => {
    writeFileSync(join(dir, 'slip.ts'), "const id = 'slip'\nexport default { id: 'slip' setup() {")
    writeFileSync(join(dir, 'slip.yaml'), 'plugins:\n  - use: ./slip.ts\n')
    const { code, stderr } = await here('plugin', 'check', 'slip.yaml')
    expect([code, stderr]).toEqual([2, expect.stringMatching(/slip\.yaml:2:10: .*\.\/slip\.ts can not be loaded: \S+slip\.ts:2: Expected/)])
  })

  it('tells all faults of a bad one, each at its place', async () => {
    writeFileSync(join(dir, 'bad.yaml'), 'plugins:\n  - use: ./greeter\n    with:\n      greting: hi\n  - use: ./greetr\n')
    const { code, stderr } = await here('plugin', 'check', 'bad.yaml')
    expect(code).toBe(2)
    expect(stderr).toContain('bad.yaml:4:7: plugins.0.with.greting: unknown key "greting" (did you mean "greeting"?)')
    expect(stderr).toContain('bad.yaml:5:10: plugins.1.use: there is no ./greetr')
    expect(await here('plugin', 'check', 'none.yaml')).toMatchObject({ code: 2, stderr: expect.stringContaining('none.yaml') })
  })
})

describe('a platform with plugins', { timeout: 180_000 }, () => {
  it('runs the good ones beside those that are wrong, and outlives one that throws where nobody catches', async () => {
    const late = `export default { id: 'late', config: { type: 'object' }, setup: () => ({ async start() { setTimeout(() => { throw new Error('too late') }, 50); Promise.reject(new Error('forgotten')) } }) }`
    writeFileSync(join(dir, 'late.mjs'), late)
    writeFileSync(
      join(dir, 'standin.config.yaml'),
      'plugins:\n  - use: ./greeter\n    with: {greeting: hi}\n  - use: ./greetr\n  - use: ./late.mjs\n',
    )
    const ports = ['--api', '127.0.0.1:0', '--http', '127.0.0.1:0', '--dns', '127.0.0.1:0']
    await using platform = await Platform.boot({ arguments: [...ports, '--config', join(dir, 'standin.config.yaml')] })
    const { control } = platform.pids()
    const plugins = await eventually(async () => {
      const items = await platform.json<Plugin[]>('plugin', 'list')
      return items.some(({ id, restarts }) => id === 'late' && restarts > 0) ? items : undefined
    }, 30_000)
    expect(plugins.map(({ id, state }) => [id, id === 'late' || state])).toEqual([
      ['greeter', 'running'],
      ['./greetr', 'invalid'],
      ['late', true],
    ])
    expect(plugins[2]).toMatchObject({ health: expect.any(String), restarts: expect.any(Number) })
    const services = [{ name: 'www', endpoints: ['127.0.0.1:9'] }]
    expect((await platform.api('POST', '/v1/environments', { name: 'shop-1', provider: 'attach', services })).status).toBe(201)
    await eventually(async () => {
      const { body } = await platform.api<{ items: { data: { message: string } }[] }>('GET', '/v1/events?type=notice')
      return body.items.some(({ data }) => data.message === 'hi, shop-1') ? true : undefined
    })
    const { stdout, stderr } = await platform.cli('plugin', 'list')
    expect([stdout, stderr]).toEqual([expect.stringContaining('greeter'), expect.stringContaining('there is no ./greetr')])
    expect(await platform.cli('plugin', 'runs', 'greeter')).toMatchObject({ code: 0, stderr: expect.stringContaining('has not run yet') })
    const doctor = await platform.cli('doctor')
    expect(doctor.stdout).toMatch(/^plugin \.\/greetr +warning {2}line 4: there is no \.\/greetr/m)
    expect(doctor.stdout).not.toContain('plugin greeter')
    expect(platform.pids().control).toBe(control)
    expect(await eventually(() => (platform.said() === '' ? undefined : platform.said()))).toContain(
      'standin.config.yaml:4:10: plugins.1.use: there is no ./greetr',
    )
  })

  it('refuses what a plugin of theirs does not allow, with the exit code of quotas, also when it is only tried', async () => {
    writeFileSync(
      join(dir, 'full.mjs'),
      `export default { id: 'full', config: { type: 'object' }, setup: () => ({
        admit: async ({ hosts }) => { throw Object.assign(new Error('no room for ' + hosts.map((host) => host.name).join(', ')), { name: 'StandinError', code: 'quota_exceeded', hint: 'Wait a while' }) },
      }) }`,
    )
    mkdirSync(join(dir, 'tiny'))
    writeFileSync(join(dir, 'full.yaml'), 'plugins:\n  - use: ./full.mjs\n')
    writeFileSync(
      join(dir, 'tiny/compose.yaml'),
      'name: tiny\nservices:\n  idler: {build: ., command: sleep 1000, cpus: 0.5, mem_limit: 64m}\n',
    )
    const ports = ['--api', '127.0.0.1:0', '--http', '127.0.0.1:0', '--dns', '127.0.0.1:0']
    await using platform = await Platform.boot({ arguments: [...ports, '--config', join(dir, 'full.yaml')] })
    await platform.json('template', 'build', join(dir, 'tiny'))
    for (const flags of [[], ['--dry-run']]) {
      const { code, stdout, stderr } = await platform.cli('up', 'tiny', ...flags)
      expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: '', stderr: expect.stringContaining('no room for idler') })
      expect(stderr).toContain('Wait a while')
    }
    expect(await platform.json('list')).toEqual([])
    const services = [{ name: 'www', endpoints: ['127.0.0.1:9'] }]
    expect((await platform.api('POST', '/v1/environments', { name: 'x', provider: 'attach', services })).status).toBe(403)
  })

  it('says that it leaves the file of this folder alone', async () => {
    const place = mkdtempSync(join(dir, 'place-'))
    writeFileSync(join(place, 'standin.config.yaml'), 'plugins: []\n')
    const ports = ['--api', '127.0.0.1:0', '--http', '127.0.0.1:0', '--dns', '127.0.0.1:0']
    const child = spawn(process.execPath, [resolve(import.meta.dirname, 'main.ts'), 'start', ...ports], { cwd: place, env: env() })
    let said = ''
    child.stderr.on('data', (chunk) => (said += chunk))
    try {
      await eventually(() => (said.includes(' is not used: `standin start --config') ? true : undefined), 30_000)
    } finally {
      child.kill('SIGINT')
      await once(child, 'exit')
    }
  })

  it('is not started with a file that is not there', async () => {
    const { code, stderr } = await cli(
      ['start', '--api', '127.0.0.1:0', '--http', '127.0.0.1:0', '--dns', '127.0.0.1:0', '--config', join(dir, 'none.yaml')],
      env(),
    )
    expect([code, stderr]).toEqual([2, expect.stringContaining('none.yaml can not be read')])
  })
})
