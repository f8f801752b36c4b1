import { mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { eventually } from '../testing/raw-client.ts'
import { startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'
import { RoutesFileSource } from './routes-file-source.ts'

const use = cleanup()

const start = async (place?: (folder: string, text: string) => Promise<string>) => {
  const folder = await mkdtemp(join(tmpdir(), 'standin-routes-'))
  await use(Promise.resolve({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }))
  const gateway = await use(startGateway())
  const upstreams = await Promise.all(
    ['first', 'second'].map((name) => use(startHttpUpstream((req, res) => res.end(`${name} ${req.headers.host} ${req.url}`)))),
  )
  const ports = upstreams.map(({ port }) => port) as [number, number]
  const text = (host: string, port: number, more = '') => `routes:\n  - {host: ${host}, endpoints: ["127.0.0.1:${port}"]}\n${more}`
  const path = join(folder, 'routes.yaml')
  const initial = text('demo.test', ports[0])
  const file = place === undefined ? path : await place(folder, initial)
  if (place === undefined) await writeFile(path, initial)
  const lines: string[] = []
  const log = { info: (_: object, line: string) => void lines.push(line), error: (_: object, line: string) => void lines.push(line) }
  const source = new RoutesFileSource(file, gateway.router, log)
  await source.start()
  await use(Promise.resolve({ [Symbol.asyncDispose]: async () => source.stop() }))
  const ask = async (host: string) => (await fetchThrough(gateway.port, 0, { host, path: '/x?y' })).body
  return { folder, path, file, gateway, ports, text, source, lines, ask }
}

describe('A routes file', () => {
  it('is served, and what it does not name is not found; nothing was ever deleted', async () => {
    const { ask, gateway } = await start()
    expect(await ask('demo.test')).toBe('first demo.test /x?y')
    for (const host of ['other.test', 'www-1001.test']) {
      const answer = await fetchThrough(gateway.port, 0, { host })
      expect(answer.status).toBe(404)
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'route_not_found', hint: 'The routes file names the hosts that there are' })
    }
  })

  it('sends nobody to the verbs of a platform when an endpoint is dead', async () => {
    const { ask, path, text } = await start()
    await writeFile(path, text('dead.test', 9))
    await expect.poll(() => ask('dead.test'), { timeout: 20_000 }).toContain('The routes file says where it should be')
    expect(await ask('dead.test')).not.toContain('standin show')
  })

  it.each([
    ['written in place', async (path: string, text: string) => writeFile(path, text)],
    [
      'replaced by a rename',
      async (path: string, text: string) => {
        await writeFile(`${path}~`, text)
        await rename(`${path}~`, path)
      },
    ],
    [
      'truncated, and written a while later',
      async (path: string, text: string) => {
        await truncate(path)
        await new Promise((resolve) => setTimeout(resolve, 120))
        await writeFile(path, text)
      },
    ],
    [
      'moved away, and made anew',
      async (path: string, text: string) => {
        await rename(path, `${path}.old`)
        await new Promise((resolve) => setTimeout(resolve, 30))
        await writeFile(path, text)
      },
    ],
  ])('is followed where it is %s, again and again', async (_, save) => {
    const { path, text, ports, ask, source, lines } = await start()
    for (const [index, host] of ['one.test', 'two.test', 'three.test'].entries()) {
      const begun = performance.now()
      await save(path, text(host, ports[index % 2] as number))
      await eventually(`${host} is served`, () => source.loads === index + 2)
      // Where a machine stood still meanwhile, the file was a bad one for longer than it may be.
      if (performance.now() - begun > 250) lines.length = 0
      expect(await ask(host)).toContain(host)
      expect(await ask('demo.test')).toContain('route_not_found')
    }
    expect(lines.filter((line) => line.includes('as they were') && !line.includes('ENOENT'))).toEqual([])
  })

  it('is followed where a symbolic link moves, as in a config map of Kubernetes', async () => {
    const place = async (folder: string, text: string) => {
      await mkdir(join(folder, '..1'))
      await writeFile(join(folder, '..1', 'routes.yaml'), text)
      await symlink('..1', join(folder, '..data'))
      await symlink(join('..data', 'routes.yaml'), join(folder, 'routes.yaml'))
      return join(folder, 'routes.yaml')
    }
    const { folder, text, ports, ask, source } = await start(place)
    for (const version of [2, 3]) {
      await mkdir(join(folder, `..${version}`))
      await writeFile(join(folder, `..${version}`, 'routes.yaml'), text(`v${version}.test`, ports[1]))
      await symlink(`..${version}`, join(folder, '..data_tmp'))
      await rename(join(folder, '..data_tmp'), join(folder, '..data'))
      await rm(join(folder, `..${version - 1}`), { recursive: true })
      await eventually(`version ${version} is served`, () => source.loads === version)
      expect(await ask(`v${version}.test`)).toContain('second')
    }
  })

  it('changes nothing where it is bad, says so once, and is taken again when it is good', async () => {
    const { path, text, ports, ask, source, lines } = await start()
    await writeFile(path, text('demo.test', ports[1], 'rotes: []\n'))
    await eventually('it is refused', () => source.failures === 1)
    expect(lines).toEqual([
      'routes.yaml is no valid routes file: routes.yaml:3:1 there is no "rotes" here: did you mean "routes"?; the routes stay as they were',
    ])
    expect(source.fault?.message).toContain('routes.yaml:3:1')
    expect(await ask('demo.test')).toContain('first')
    await rm(path)
    await eventually('it is missed', () => source.failures === 2)
    expect(await ask('demo.test')).toContain('first')
    await writeFile(path, text('demo.test', ports[1]))
    await eventually('it is taken', () => source.fault === null)
    expect(await ask('demo.test')).toContain('second')
  })

  it('keeps the connections of what stays the same', async () => {
    const { path, text, ports, ask, gateway, source } = await start()
    await ask('demo.test')
    const before = gateway.router.find('demo.test')
    await writeFile(path, `${text('demo.test', ports[0])}  - {host: other.test, endpoints: ["127.0.0.1:${ports[1]}"]}\n`)
    await eventually('it is taken', () => source.loads === 2)
    expect(gateway.router.find('demo.test')).toBe(before)
    expect(await ask('other.test')).toContain('second')
  })

  it('has to be there, and good, at the start', async () => {
    const { folder, gateway } = await start()
    const log = { info: () => {}, error: () => {} }
    await expect(new RoutesFileSource(join(folder, 'none.yaml'), gateway.router, log).start()).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('none.yaml can not be read'),
    })
    await writeFile(join(folder, 'bad.yaml'), 'routes: 1')
    await expect(new RoutesFileSource(join(folder, 'bad.yaml'), gateway.router, log).start()).rejects.toMatchObject({
      errors: [{ path: 'routes', line: 1, column: 9 }],
    })
  })
})
