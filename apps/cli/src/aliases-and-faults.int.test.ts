import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Alias, Environment, ServiceFault } from '@standin/client'
import { eventually, Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

describe('aliases and faults on a running platform', { timeout: 180_000 }, () => {
  let platform: Platform
  const backends: Server[] = []

  /** A program that answers with its name. */
  async function backend(name: string): Promise<string> {
    const server = createServer((_, response) => response.end(name))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    backends.push(server)
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const answers = (host: string, body: string) => eventually(async () => ((await platform.ask(host)).body === body ? true : undefined))
  const succeed = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await platform.cli(...words)
    expect(code, stderr).toBe(0)
    return stdout + stderr
  }

  beforeAll(async () => {
    platform = await Platform.boot()
    for (const name of ['blue', 'green']) {
      await platform.json<Environment>('attach', name, '-s', `www=${await backend(name)}`, '-s', `api=${await backend(`${name} api`)}`)
    }
  }, 120_000)
  afterAll(async () => {
    await platform?.stop()
    for (const server of backends) server.close()
  }, 120_000)

  it('gives a name to an environment, and moves it to another one', async () => {
    const would = await succeed('alias', 'set', 'demo', 'blue', '--dry-run')
    expect(would).toMatch(/^Would let demo lead to the main service of blue \(1001\)\.$/m)
    expect(await succeed('alias', 'list')).toContain('There is no alias yet.')
    const { stdout } = await platform.cli('alias', 'set', 'demo', 'blue')
    expect(stdout).toMatch(/^http:\/\/demo\.test-envs\.localhost:\d+\/\n$/)
    const { hostname } = new URL(stdout)
    await answers(hostname, 'blue')
    expect(await succeed('alias', 'set', 'demo', 'green', '--service', 'api')).toContain('leads to api of green (1002), in place of 1001.')
    await answers(hostname, 'green api')
    const alias = await platform.json<Alias>('alias', 'set', 'demo', 'green')
    expect(alias).toMatchObject({ host: 'demo.test-envs.localhost', environment: 1002, service: 'www' })
    await answers(hostname, 'green')
  })

  it('is answered at every moment while it moves, and has a name at the resolver', async () => {
    const host = 'demo.test-envs.localhost'
    const resolver = new Resolver()
    resolver.setServers([platform.running.dns])
    expect(await resolver.resolve4(host)).toEqual([new URL(platform.running.http).hostname])
    let moving = true
    const seen = new Map<string, number>()
    const asking = [1, 2, 3].map(async () => {
      while (moving) {
        const { status, body } = await platform.ask(host)
        const answer = status === 200 ? body : `${status} ${body}`
        seen.set(answer, (seen.get(answer) ?? 0) + 1)
      }
    })
    // In the end it leads to green again.
    for (let move = 0; move < 50 || seen.size < 2 || move % 2 === 1; move += 1) {
      await platform.api('PUT', '/v1/aliases/demo', { environment: move % 2 === 0 ? 'blue' : 'green' })
      await new Promise((done) => setTimeout(done, 5))
    }
    moving = false
    await Promise.all(asking)
    expect([...seen.keys()].toSorted()).toEqual(['blue', 'green'])
  })

  it('lists them, and shows them with their environment', async () => {
    expect(await succeed('alias', 'list')).toMatch(/^demo\.test-envs\.localhost +1002 +www +http:/m)
    expect(await platform.json<Alias[]>('alias', 'list', 'green')).toHaveLength(1)
    expect(await succeed('alias', 'list', 'blue')).toContain('blue has no alias.')
    expect(await succeed('show', 'green')).toMatch(/^ALIAS +SERVICE\nhttp:\/\/demo\.test-envs\.localhost:\d+\/ +www$/m)
    expect(await platform.json<{ aliases: Alias[] }>('show', 'green')).toMatchObject({ aliases: [{ host: 'demo.test-envs.localhost' }] })
    expect((await platform.cli('url', 'green', '--alias')).stdout).toMatch(/^http:\/\/demo\./)
    expect((await platform.cli('url', 'blue', '--alias')).code).toBe(4)
    expect(await succeed('events', 'green')).toContain('alias.set  demo.test-envs.localhost → main service')
  })

  it('completes what there is', async () => {
    // It says nothing where the platform does not answer within a second.
    const complete = (...words: string[]) => eventually(async () => (await platform.cli('__complete', '--', ...words)).stdout || undefined)
    expect(await complete('alias', 'remove', '')).toContain('demo.test-envs.localhost\twww of 1002')
    expect(await complete('fault', 'add', 'blue', '')).toBe('www\tservice\napi\tservice\n')
    expect(await complete('alias', 'set', 'x', 'green', '--service', 'a')).toBe('api\tservice\n')
  })

  it('takes the name away', async () => {
    const other = await platform.cli('alias', 'remove', 'demo', 'nope')
    expect(other.code).toBe(4)
    expect(await succeed('alias', 'remove', 'demo')).toContain('demo.test-envs.localhost leads nowhere now.')
    await eventually(async () => ((await platform.ask('demo.test-envs.localhost')).status === 404 ? true : undefined))
  })

  it('refuses names that environments have', async () => {
    const { code, stderr } = await platform.cli('alias', 'set', 'www-1001', 'blue')
    expect(code).toBe(2)
    expect(stderr).toContain('looks like the name of an environment')
  })

  it('injects a fault, lists and shows it, and ends it', async () => {
    const would = await succeed('fault', 'add', 'blue', 'www', '--delay', '1500ms', '--percent', '20', '--dry-run')
    expect(would).toContain('Would inject delay 1.5s for 20% of the requests to www of blue (1001), for 10m.')
    const { stdout, stderr } = await platform.cli('fault', 'add', '1001', 'www', '--abort', '418', '--for', '5m')
    expect(stdout).toBe('f1\n')
    expect(stderr).toContain('f1: abort 418 for all requests to www of blue (1001), for 5m.')
    await eventually(async () => ((await platform.ask('www-1001.test-envs.localhost')).status === 418 ? true : undefined))
    const slow = await platform.json<ServiceFault>(
      ...['fault', 'add', 'green', 'api', '--throttle', '10k', '--header', 'X-Test: 1', '--path', '/x', '--percent', '50'],
    )
    expect(slow).toMatchObject({
      kind: 'throttle',
      bytesPerSecond: 10_240,
      header: { name: 'X-Test', value: '1' },
      path: '/x',
      percent: 50,
    })
    const list = await succeed('fault', 'list')
    expect(list).toMatch(/^f1 +1001 +www +abort 418 +100% +[45]m +token:admin$/m)
    expect(list).toMatch(/^f2 +1002 +api +throttle 10\.0 KiB\/s +50% with X-Test: 1 below \/x +\d+m/m)
    expect((await platform.json<ServiceFault[]>('fault', 'list', 'blue')).map(({ id }) => id)).toEqual(['f1'])
    expect(await succeed('show', 'blue')).toMatch(/^f1 +1001 +www +abort 418/m)
    expect(await succeed('fault', 'remove', 'blue', 'f1')).toContain('Removed f1 (www: abort 418).')
    await answers('www-1001.test-envs.localhost', 'blue')
    expect((await platform.cli('fault', 'remove', 'blue', 'f1')).code).toBe(4)
    expect(await succeed('fault', 'remove', '1002', '--all')).toContain('Removed f2')
    expect(await succeed('fault', 'list')).toContain('No fault is injected.')
    expect(await succeed('events', 'blue')).toContain('fault.removed  f1: abort 418 of www, 100%, removed')
  })

  it.each([
    [[], 'none is given'],
    [['--delay', '1s', '--reset'], 'more than one is given'],
    [['--abort', '200'], 'is not a whole number from 400 to 599'],
    [['--throttle', 'slow'], "'slow' is not a size"],
    [['--reset', '--percent', '0'], 'is not a whole number from 1 to 100'],
    [['--reset', '--header', 'a b'], "'a b' is not a header"],
    [['--reset', '--path', '/x/'], "'/x/' is not the beginning of a path"],
    [['--reset', '--for', '10'], "'10' is not a duration"],
  ])('refuses a fault with %j before it asks anybody', async (flags, message) => {
    const { code, stderr } = await platform.cli('fault', 'add', 'blue', 'www', ...flags)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  it('says what to remove has to be said', async () => {
    for (const more of [[], ['f1', '--all']]) {
      const { code, stderr } = await platform.cli('fault', 'remove', 'blue', ...more)
      expect(code).toBe(2)
      expect(stderr).toContain('Say which faults to remove, or --all.')
    }
  })

  it('attaches services with paths, policies and probes', async () => {
    const policy = 'www={balance: least-connections, health: {path: /, interval: 1s}}'
    const [main, api] = [await backend('main'), await backend('below')]
    const flags = ['-s', `www=${main}*3`, '-s', `www/api=${api}`, '--policy', policy, '--probe', 'user-agent=kube-probe/']
    const { id } = await platform.json<Environment>('attach', 'rich', ...flags)
    const entry = (
      await platform.api<{ items: { environment: number; routes: object[]; probes: object[] }[] }>('GET', '/v1/routes')
    ).body.items.find(({ environment }) => environment === id)
    expect(entry?.probes).toEqual([{ userAgent: 'kube-probe/' }])
    expect(entry?.routes).toMatchObject([
      { endpoints: [{ weight: 3 }], policy: { balance: 'least-connections', health: { path: '/', intervalMs: 1000 } } },
      { path: '/api', policy: { balance: 'least-connections' } },
    ])
    await answers(`www-${id}.test-envs.localhost`, 'main')
    expect(await succeed('show', 'rich')).toMatch(
      new RegExp(`www/api +http://www-${id}\\.test-envs\\.localhost:\\d+/api +www-2:${api.split(':')[1]}`),
    )
    const logs = await platform.cli('logs', 'rich')
    expect(logs.stderr).toContain('next: It runs elsewhere: `standin show rich` tells where')
    const bad = await platform.cli('attach', 'rich', ...flags, '--policy', 'www/api={balance: x, slowStart: 5}')
    expect(bad.code).toBe(2)
    expect(bad.stderr).toMatch(/policy\.balance: "x" is not one of .*; policy\.slowStart: "5" is not a duration/)
  })
})
