import type { RouteEntry } from '@standin/client'
import { describe, expect, it } from 'vitest'
import { Counts } from '../observe/counts.ts'
import { JsonAccessLog } from '../observe/json-access-log.ts'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { sendRaw } from '../testing/raw-client.ts'
import { domain, routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startStrictUpstream } from '../testing/strict-upstream.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()
const host = `www-1001.${domain}`

describe('A request that does not name one host', () => {
  it.each([
    ['no Host (RFC 9112, section 3.2)', []],
    ['an empty one', ['Host:']],
    ['one that is blank', ['Host: \t']],
    ['two (RFC 9112, section 3.2)', [`Host: ${host}`, `Host: ${host}`]],
    ['two in one line', [`Host: ${host}, ${host}`]],
    ['two in one line, without a blank', [`Host: other,${host}`]],
    ['one with user information (RFC 9110, section 4.2.4)', [`Host: user:secret@${host}`]],
    ['one with a path', [`Host: ${host}/admin`]],
    ['one with a query', [`Host: ${host}?x`]],
    ['one that is a URL', [`Host: http://${host}`]],
    ['one with a port that is none', [`Host: ${host}:80x`]],
    ['one with an escape', [`Host: ${host.replace('w', '%77')}`]],
  ])('is refused and no endpoint hears of it: %s', async (_, fields) => {
    const gateway = await use(startGateway())
    const upstream = await use(startStrictUpstream())
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const { text } = await sendRaw(gateway.port, `${['GET /first HTTP/1.1', ...fields].join('\r\n')}\r\n\r\n`)
    expect(text).toMatch(/^HTTP\/1\.1 400 [\s\S]*\r\nConnection: close\r\n/)
    expect(text).not.toContain('secret')
    expect(upstream.connections).toEqual([])
  })

  it.each(['GET * HTTP/1.1', 'OPTIONS * HTTP/1.1', `GET ${host} HTTP/1.1`, `CONNECT ${host}:22 HTTP/1.1`, 'GET ftp://other/ HTTP/1.1'])(
    'is refused where its target is no path (RFC 9112, section 3.2): %s',
    async (line) => {
      const gateway = await use(startGateway())
      const upstream = await use(startStrictUpstream())
      gateway.router.put(routeEntry(1001, [upstream.port]))
      const { text } = await sendRaw(gateway.port, `${line}\r\nHost: ${host}\r\n\r\n`)
      expect(text).toMatch(/^HTTP\/1\.1 400 /)
      expect(upstream.connections).toEqual([])
    },
  )
})

describe('A password in an address (RFC 9110, section 4.2.4)', () => {
  it.each([
    ['of a target', `GET http://user:secret@${host}/ HTTP/1.1\r\nHost: ${host}`],
    ['of a target of another kind', `GET ftp://user:secret@${host}/ HTTP/1.1\r\nHost: ${host}`],
    ['of a target, without a Host', `GET http://user:secret@${host}/ HTTP/1.1`],
    ['of a target, with two Hosts', `GET http://user:secret@${host}/ HTTP/1.1\r\nHost: a\r\nHost: b`],
    ['of a Host', `GET / HTTP/1.1\r\nHost: user:secret@${host}`],
  ])('is neither answered nor logged: %s', async (_, head) => {
    const lines: string[] = []
    const accessLog = new JsonAccessLog({ write: (line) => void lines.push(line) }, new Counts())
    const gateway = await use(startGateway({ accessLog }))
    const { text } = await sendRaw(gateway.port, `${head}\r\n\r\n`)
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
    expect(text).not.toContain('secret')
    expect(lines.join('')).not.toContain('secret')
  })
})

describe('Further ways to an environment', () => {
  const answering = async (name: string) => (await use(startHttpUpstream((req, res) => res.end(`${name} ${req.url}`)))).port

  it('leads a path to its own endpoints, by whole segments, and the rest of the host to the others', async () => {
    const gateway = await use(startGateway())
    const entry = routeEntry(1001, [await answering('www')])
    const [route] = entry.routes as [RouteEntry['routes'][number]]
    const api = routeEntry(1001, [await answering('api')]).routes[0]?.endpoints ?? []
    gateway.router.put({ ...entry, routes: [route, { ...route, path: '/api', endpoints: api }] })
    for (const [path, body] of [
      ['/api', 'api /api'],
      ['/api/x?y=/z', 'api /api/x?y=/z'],
      ['/apix', 'www /apix'],
      ['/?/api', 'www /?/api'],
    ] as const) {
      expect((await fetchThrough(gateway.port, 1001, { path })).body).toBe(body)
    }
    // An endpoint would find itself elsewhere than the route says (RFC 3986, section 5.2.4).
    for (const path of ['/api/../x', '/x/%2e%2E/api']) expect((await fetchThrough(gateway.port, 1001, { path })).status).toBe(400)
  })

  it('moves a stable name from one environment to another in one step', async () => {
    const gateway = await use(startGateway())
    const alias = `demo.${domain}`
    const withAlias = (entry: RouteEntry): RouteEntry => ({
      ...entry,
      routes: [...entry.routes, ...entry.routes.map((route) => ({ ...route, host: alias }))],
    })
    const [blue, green] = [routeEntry(1001, [await answering('blue')]), routeEntry(1002, [await answering('green')])]
    gateway.router.put(withAlias(blue))
    gateway.router.put(green)
    expect((await fetchThrough(gateway.port, 0, { host: alias })).body).toBe('blue /')
    gateway.router.put({ ...withAlias(green), revision: 2 })
    expect((await fetchThrough(gateway.port, 0, { host: alias })).body).toBe('green /')
    gateway.router.put({ ...blue, revision: 3 })
    expect((await fetchThrough(gateway.port, 0, { host: alias })).body).toBe('green /')
    expect((await fetchThrough(gateway.port, 1001)).body).toBe('blue /')
  })
})
