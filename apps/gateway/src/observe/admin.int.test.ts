import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AdminServer, type AdminSource } from '@standin/serving/admin-server'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { eventually, openRaw } from '../testing/raw-client.ts'
import { startControl } from '../testing/small-control.ts'
import { spawnGateway } from '../testing/spawn-gateway.ts'
import { routeEntry } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()

const source: AdminSource = {
  name: 'gateway',
  tablePath: '/routes',
  notReady: () => 'there is no table of routes yet',
  metrics: async () => ({ contentType: 'text/plain', text: 'numbers' }),
  table: async (environment) => (environment === 1001 ? { entry: {} } : environment === undefined ? { environments: [] } : null),
}

const startAdmin = async (tokenFile: string | null = null) => {
  const server = new AdminServer(source, tokenFile)
  const address = await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    get: (path: string, headers: Record<string, string> = {}) =>
      new Promise<{ status: number; body: string }>((resolve, reject) => {
        const [host, port] = address.split(':')
        const call = request({ host, port, path, headers, agent: false }, (response) => {
          let body = ''
          response.on('data', (chunk) => {
            body += chunk
          })
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
        })
        call.on('error', reject)
        call.end()
      }),
    [Symbol.asyncDispose]: () => server.close(),
  }
}

describe('The admin listener', { timeout: 60_000 }, () => {
  it('tells that the gateway lives, and why it takes no traffic', async () => {
    const admin = await use(startAdmin())
    expect((await admin.get('/healthz')).status).toBe(200)
    const ready = await admin.get('/readyz')
    expect(ready.status).toBe(503)
    expect(JSON.parse(ready.body).reason).toBe('there is no table of routes yet')
    expect((await admin.get('/routes?environment=1001')).status).toBe(200)
    expect((await admin.get('/routes?environment=1002')).status).toBe(404)
    expect((await admin.get('/routes?environment=x')).status).toBe(400)
    expect((await admin.get('/secrets')).status).toBe(404)
  })

  it('answers to no name that a web page could have given it', async () => {
    const admin = await use(startAdmin())
    expect((await admin.get('/routes', { host: 'evil.example' })).status).toBe(421)
    expect((await admin.get('/routes', { host: 'localhost:1' })).status).toBe(200)
  })

  it('takes over from an older process, which answers until it ends', async () => {
    const says = (status: string): AdminSource => ({ ...source, notReady: () => status })
    const [older, newer] = [new AdminServer(says('old'), null), new AdminServer(says('new'), null)]
    const address = await older.listen({ host: '127.0.0.1', port: 0 })
    const port = Number(address.split(':')[1])
    const reason = async () => ((await (await fetch(`http://${address}/readyz`)).json()) as { reason: string }).reason
    try {
      await expect(newer.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'port_taken' })
      expect(await newer.listen({ host: '127.0.0.1', port }, { takesOver: true })).toBe(address)
      expect(await reason()).toBe('old')
      await older.close()
      await expect.poll(() => reason().catch(() => null), { timeout: 20_000 }).toBe('new')
    } finally {
      await Promise.all([older.close(), newer.close()])
    }
  })

  it('does not start with a token file that nobody could show', async () => {
    const server = new AdminServer(source, '/nowhere/token')
    await expect(server.listen({ host: '127.0.0.1', port: 0 })).rejects.toMatchObject({
      code: 'invalid',
      message: '--admin-token-file /nowhere/token can not be read: there is no such file',
    })
    await expect(new AdminServer(source, '/dev/null').listen({ host: '127.0.0.1', port: 0 })).rejects.toThrow('is empty')
  })

  it('asks for a token where there is one, as the file has it now', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'standin-admin-'))
    try {
      const file = join(directory, 'token')
      await writeFile(file, 'first\n')
      const admin = await use(startAdmin(file))
      expect((await admin.get('/healthz')).status).toBe(200)
      expect((await admin.get('/metrics')).status).toBe(401)
      expect((await admin.get('/metrics', { authorization: 'Bearer second' })).status).toBe(401)
      expect((await admin.get('/metrics', { authorization: 'Bearer first' })).body).toBe('numbers')
      await writeFile(file, 'second\n')
      expect((await admin.get('/metrics', { authorization: 'Bearer first' })).status).toBe(401)
      await rm(file)
      expect((await admin.get('/metrics', { authorization: 'Bearer ' })).status).toBe(401)
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  it('is out of reach of environments, and tells that the gateway drains', async () => {
    const held = await use(startHttpUpstream((_, res) => void res.write('begun')))
    const control = await use(startControl([routeEntry(1001, [held.port])]))
    const gateway = await use(spawnGateway('--home', control.home, '--http', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--drain', '3s'))
    const admin = String(gateway.line.admin)
    while ((await fetch(`${admin}/readyz`)).status !== 200);
    control.delta(routeEntry(1002, [Number(admin.split(':')[2])], { revision: 2 }))
    let code = ''
    while (code !== 'endpoint_refused') code = JSON.parse((await fetchThrough(gateway.port, 1002)).body).code
    const slow = fetchThrough(gateway.port, 1001)
    slow.catch(() => {})
    await eventually('it is under way', () => held.sockets.size > 0)
    gateway.process.kill('SIGTERM')
    let reason = ''
    while (reason === '') reason = ((await (await fetch(`${admin}/readyz`)).json()) as { reason?: string }).reason ?? ''
    expect(reason).toBe('the gateway drains')
    expect(await gateway.exited).toBe(0)
    await expect(openRaw(Number(admin.split(':')[2]))).rejects.toThrow()
  })
})
