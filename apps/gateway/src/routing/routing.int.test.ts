import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { domain, routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()

describe('Routing', () => {
  it('finds a host in any case, with port, with a last dot', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(startHttpUpstream((_, res) => res.end('found')))
    gateway.router.put(routeEntry(1001, [upstream.port]))
    for (const host of [
      `www-1001.${domain}`,
      `WWW-1001.${domain.toUpperCase()}:${gateway.port}`,
      `www-1001.${domain}.`,
      `www-1001.${domain}.:80`,
    ]) {
      expect((await fetchThrough(gateway.port, 1001, { host })).body, host).toBe('found')
    }
  })

  it('answers 404 for an unknown host, 410 for a deleted environment, and says why', async () => {
    const gateway = await use(startGateway())
    gateway.router.put(routeEntry(1001, []))
    gateway.router.put(routeEntry(1002, []))
    gateway.router.remove(1001)
    const ask = async (host: string) => {
      const answer = await fetchThrough(gateway.port, 0, { host })
      return [answer.status, JSON.parse(answer.body).code]
    }
    expect(await ask('example.com')).toEqual([404, 'route_not_found'])
    expect(await ask(`www-1001.${domain}`)).toEqual([410, 'environment_deleted'])
    expect(await ask(`web-1.1001.${domain}`)).toEqual([410, 'environment_deleted'])
    expect(await ask(`www-1003.${domain}`)).toEqual([404, 'route_not_found'])
    const unpublished = await fetchThrough(gateway.port, 0, { host: `api-1002.${domain}` })
    expect(unpublished.status).toBe(404)
    expect(JSON.parse(unpublished.body).hint).toContain(`www-1002.${domain}`)
  })

  it('answers a browser with a page, and everyone else with a problem document (RFC 9457)', async () => {
    const gateway = await use(startGateway())
    const reason = '<script>alert("x")</script> & co'
    gateway.router.put(routeEntry(1001, [], { state: 'failed', reason }))
    const page = await fetchThrough(gateway.port, 1001, { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } })
    expect(page.status).toBe(503)
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.body).toContain('&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62; &#38; co')
    expect(page.body).not.toContain('<script')
    const problem = await fetchThrough(gateway.port, 1001, { headers: { accept: '*/*' } })
    expect(problem.headers).toMatchObject({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
    expect(JSON.parse(problem.body)).toMatchObject({
      status: 503,
      detail: expect.stringContaining(reason),
      hint: expect.stringContaining('standin show 1001'),
    })
    const head = await fetchThrough(gateway.port, 1001, { method: 'HEAD' })
    expect(head).toMatchObject({ status: 503, body: '' })
  })

  it('says that it has no routes yet rather than that there are none', async () => {
    const { Router } = await import('./router.ts')
    const { UpstreamRegistry } = await import('../pool/upstream-registry.ts')
    const { RefusedEndpoints } = await import('../refused-endpoints.ts')
    const { Activity } = await import('../wake/activity.ts')
    const router = new Router(new UpstreamRegistry(new RefusedEndpoints()), new Activity(async () => {}))
    expect(router.explainMiss(`www-1001.${domain}`)).toMatchObject({ code: 'unreachable', status: 503 })
  })

  it.each(['stopped', 'stopping', 'failed', 'deleting'] as const)(
    'answers 503 for an environment that is %s, with the reason',
    async (state) => {
      const gateway = await use(startGateway())
      gateway.router.put(routeEntry(1001, [], { state, reason: 'because of a test' }))
      const answer = await fetchThrough(gateway.port, 1001)
      expect(answer.status).toBe(503)
      expect(answer.headers['retry-after']).toBeDefined()
      expect(JSON.parse(answer.body)).toMatchObject({
        code: 'no_endpoint',
        detail: `Environment 1001 (shop-1001) is ${state}: because of a test`,
      })
      expect(gateway.activity.record(1001).at).toBe(0)
    },
  )

  it('answers 503 where no instance takes traffic', async () => {
    const gateway = await use(startGateway())
    gateway.router.put(routeEntry(1001, []))
    const answer = await fetchThrough(gateway.port, 1001)
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1'])
  })
})
