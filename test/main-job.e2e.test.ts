import { Resolver } from 'node:dns/promises'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Environment, Template } from '@standin/client'
import { eventually, leftovers, Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const shop = resolve(import.meta.dirname, '../examples/shop')
const domain = 'test-envs.localhost'

describe('the main job', { timeout: 180_000 }, () => {
  let platform: Platform
  let alice: Environment
  let bob: Environment
  const resolver = new Resolver()

  beforeAll(async () => {
    platform = await Platform.boot()
    resolver.setServers([platform.running.dns])
  }, 120_000)
  afterAll(() => platform?.stop(), 120_000)

  it('bakes the shop into a template that knows where it comes from', async () => {
    await platform.json('template', 'build', shop, '--channel', 'stable')
    const template = await platform.json<Template>('template', 'show', 'shop:stable')
    expect(template.ref).toBe('shop@1')
    expect(template.channels.toSorted()).toEqual(['latest', 'stable'])
    expect(template.provenance.blueprintHash).toMatch(/^[0-9a-f]{64}$/)
    expect(template.provenance.phases.map(({ name }) => name)).toEqual(['provision', 'bootstrap', 'configure', 'bake'])
    expect(template.provenance.fixtures).toEqual([
      { name: 'customers', rows: 26 },
      { name: 'users', rows: expect.any(Number) },
    ])
    expect(template.provenance.checks.map(({ name, ok }) => [name, ok])).toEqual([
      ['the shop answers', true],
      ['every user has a customer', true],
    ])
    const { body } = await platform.api<{ items: unknown[] }>('GET', '/v1/environments')
    expect(body.items).toEqual([])
  })

  it('clones it twice', async () => {
    alice = await platform.json<Environment>('up', 'shop', '--name', 'alice')
    bob = await platform.json<Environment>('up', 'shop@1', '--name', 'bob')
    expect([alice.state, bob.state]).toEqual(['running', 'running'])
    expect(alice.id).toBeGreaterThan(1000)
    expect(alice.services.map(({ name }) => name).toSorted()).toEqual(['api', 'www'])
    expect(alice.services.find(({ name }) => name === 'www')?.hostname).toBe(`www-${alice.id}.${domain}`)
  })

  it('keeps what is written into one out of the other', async () => {
    const placed = await platform.ask(`www-${alice.id}.${domain}`, '/api/orders', {
      method: 'POST',
      body: '{"customer":100,"item":"samovar"}',
    })
    expect(placed.status).toBe(201)
    expect((await platform.ask(`www-${alice.id}.${domain}`)).body).toContain('samovar')
    expect((await platform.ask(`www-${bob.id}.${domain}`)).body).not.toContain('samovar')
    const third = await platform.json<Environment>('up', 'shop', '--name', 'third')
    expect((await platform.ask(`www-${third.id}.${domain}`)).body).not.toContain('samovar')
    // Whoever follows its logs is let go with it.
    const following = platform.follow('logs', 'third', '-f')
    await following.spoke
    await platform.json('delete', 'third', '--purge', '--yes')
    expect((await following.ended).code).toBe(0)
  })

  it('neutralised the clone, not the template, before anything ran', async () => {
    const settings = JSON.parse((await platform.ask(`api-${alice.id}.${domain}`, '/settings')).body)
    expect(settings).toEqual({ currency: 'EUR', mail: { host: null }, payments: { provider: 'none', key: null } })
    const log = await eventually(async () => {
      const { stdout } = await platform.cli('logs', 'alice', 'api')
      return stdout.includes(' of order ') ? stdout : undefined
    })
    expect(log).not.toContain('sent through')
    expect(log).toContain('kept back')
  })

  it('spreads requests over both instances', async () => {
    const seen = new Set<unknown>()
    for (let request = 0; request < 10; request++) seen.add((await platform.ask(`www-${alice.id}.${domain}`)).headers['x-instance'])
    expect([...seen].toSorted()).toEqual(['web-1', 'web-2'])
  })

  it('tells when a clone was used last', async () => {
    const before = Date.now()
    await platform.ask(`www-${bob.id}.${domain}`)
    const last = await eventually(async () => {
      const { lastActivity } = await platform.json<Environment>('show', 'bob')
      return lastActivity !== null && Date.parse(lastActivity.at) >= before ? lastActivity : undefined
    }, 20_000)
    expect(Date.parse(last.at)).toBeLessThanOrEqual(Date.now())
    expect(last.cause).toBe(`GET www-${bob.id}.${domain}`)
  })

  it('names every host, and what is unknown is unknown', async () => {
    const webs = await resolver.resolve4(`web.${alice.id}.${domain}`)
    expect(webs).toHaveLength(2)
    const [api] = await resolver.resolve4(`api.${alice.id}.${domain}`)
    expect(await resolver.reverse(api ?? '')).toEqual([`api-1.${alice.id}.${domain}`])
    expect(await resolver.resolve4(`www-${alice.id}.${domain}`)).toEqual(['127.0.0.1'])
    await expect(resolver.resolve4(`db.${alice.id}.${domain}`)).rejects.toMatchObject({ code: 'ENOTFOUND' })
    expect((await platform.ask(`www-9999.${domain}`)).status).toBe(404)
    expect((await platform.ask(`nothing.${domain}`)).status).toBe(404)
  })

  it('runs commands inside a clone, where production names hold', async () => {
    const result = await platform.cli(
      'exec',
      'bob',
      'web',
      '--',
      'node',
      '-e',
      "fetch('http://api:8080/health').then(async (r) => console.log(await r.text()))",
    )
    expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('"ok":true') })
    expect((await platform.cli('exec', 'bob', 'web', '--', 'sh', '-c', 'exit 7')).code).toBe(7)
  })

  it('hides the secrets of the platform from a clone', async () => {
    const result = await platform.cli(
      'exec',
      'bob',
      'web',
      '--',
      'sh',
      '-c',
      `cat '${platform.running.tokenFile}' || ls '${platform.home}/control'`,
    )
    expect(result.stdout).not.toContain('stn_')
    expect(result.stdout).not.toContain('standin.db')
    // Who could write there would be sent the tokens of everybody who asks where control is.
    const files = await platform.cli(
      'exec',
      'bob',
      'web',
      '--',
      'sh',
      '-c',
      `find '${platform.home}' -maxdepth 1; echo x > '${platform.home}/run/standin.json'`,
    )
    expect(files.stdout.trim().split('\n')).toEqual([platform.home, `${platform.home}/providers`])
    expect(statSync(platform.running.tokenFile).mode & 0o777).toBe(0o600)
  })

  it('suspends a clone so that nothing of it runs, and wakes it by a request', async () => {
    await platform.json('suspend', 'bob')
    const shown = await platform.json<Environment>('show', 'bob')
    expect(shown.state).toBe('suspended')
    expect(shown.reason.actor).toContain('token:')
    const answers = await Promise.all(Array.from({ length: 20 }, () => platform.ask(`www-${bob.id}.${domain}`)))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect((await platform.json<Environment>('show', 'bob')).state).toBe('running')
  })

  it('deletes into the trash, answers 410, and brings back what was deleted', async () => {
    await platform.json('delete', 'alice', '--yes')
    const gone = await eventually(async () => {
      const answer = await platform.ask(`www-${alice.id}.${domain}`)
      return answer.status === 410 ? answer : undefined
    })
    expect(gone.body).toContain('environment_deleted')
    await eventually(() =>
      resolver.resolve4(`web.${alice.id}.${domain}`).then(
        () => undefined,
        () => true,
      ),
    )
    await platform.json('undelete', String(alice.id))
    await eventually(async () => ((await platform.ask(`www-${alice.id}.${domain}`)).status === 200 ? true : undefined), 30_000)
    expect((await platform.ask(`www-${alice.id}.${domain}`)).body).toContain('samovar')
  })

  it('goes on serving while control is away', async () => {
    const { control } = platform.pids()
    process.kill(control, 'SIGKILL')
    expect((await platform.ask(`www-${alice.id}.${domain}`)).status).toBe(200)
    expect(await resolver.resolve4(`web.${alice.id}.${domain}`)).toHaveLength(2)
    await eventually(async () => (await platform.api('GET', '/v1')).status === 200 || undefined)
    expect((await platform.json<Environment>('show', 'alice')).state).toBe('running')
  })

  it('leaves environments running when it stops, and adopts them when it starts', async () => {
    await platform.stop({ keepHome: true })
    expect(leftovers(platform.home).processes.length).toBeGreaterThan(0)
    const before = leftovers(platform.home).processes.map((each) => each.split(' ')[0])
    platform = await platform.again()
    resolver.setServers([platform.running.dns])
    await eventually(async () => ((await platform.ask(`www-${alice.id}.${domain}`)).status === 200 ? true : undefined))
    expect(leftovers(platform.home).processes.map((each) => each.split(' ')[0])).toEqual(before)
    expect((await platform.ask(`www-${alice.id}.${domain}`)).body).toContain('samovar')
  })

  it('leaves nothing behind when all is deleted', async () => {
    await platform.deleteAll()
    await eventually(() => {
      const left = leftovers(platform.home)
      return left.processes.length + left.mounts.length + left.environments.length === 0 || undefined
    })
    await eventually(async () =>
      (await platform.api<{ items: unknown[] }>('GET', '/v1/routes')).body.items.length === 0 ? true : undefined,
    )
    const builds = join(platform.home, 'builds')
    expect(existsSync(builds) ? readdirSync(builds) : []).toEqual([])
  })
})

describe('the trash', { timeout: 180_000 }, () => {
  it('is emptied after as long as `start` was told', async () => {
    const ports = ['--api', '--http', '--dns'].flatMap((flag) => [flag, '127.0.0.1:0'])
    await using platform = await Platform.boot({ arguments: [...ports, '--trash', '1s'] })
    await platform.json('attach', 'brief', '--service', 'www=127.0.0.1:9')
    await platform.json('delete', 'brief', '--yes')
    await eventually(async () => ((await platform.json<Environment[]>('list', '--deleted')).length === 0 ? true : undefined), 30_000)
    expect((await platform.cli('undelete', 'brief')).code).toBe(4)
  })
})
