import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { domain, routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()
const host = `www-1001.${domain}`

const start = async (redirectPort?: number, trusted: string[] = []) => {
  const upstream = await use(startHttpUpstream((_, res) => res.end('plain')))
  const gateway = await use(startGateway({ trusted, ...(redirectPort === undefined ? {} : { redirectPort }) }))
  gateway.router.put(routeEntry(1001, [upstream.port]))
  return { gateway, upstream }
}

describe('redirectToHttps', () => {
  it('sends plain HTTP to the same over TLS, with its method, path and query (RFC 9110, section 15.4.9)', async () => {
    const { gateway, upstream } = await start(8443)
    const answer = await fetchThrough(gateway.port, 1001, { method: 'POST', path: '/a%2Fb?x=1&y=%20', body: 'lost' })
    expect(answer.status).toBe(308)
    expect(answer.headers).toMatchObject({ location: `https://${host}:8443/a%2Fb?x=1&y=%20`, 'content-length': '0' })
    expect(upstream.accepted()).toBe(0)
    expect(gateway.ended).toMatchObject([{ status: 308, phase: 'ended' }])
  })

  it('leaves the usual port out', async () => {
    const { gateway } = await start(443)
    expect((await fetchThrough(gateway.port, 1001)).headers.location).toBe(`https://${host}/`)
  })

  it('wakes nothing by it', async () => {
    const { gateway } = await start(443)
    gateway.router.put(routeEntry(1002, [], { state: 'suspended' }))
    expect((await fetchThrough(gateway.port, 1002)).status).toBe(308)
  })

  it('sends nobody to a host that leads nowhere', async () => {
    const { gateway } = await start(8443)
    expect((await fetchThrough(gateway.port, 1001, { host: 'evil.example.com' })).status).toBe(404)
  })

  it('leaves alone what a trusted proxy took over TLS, and nobody else is believed', async () => {
    const headers = { 'x-forwarded-proto': 'https' }
    const { gateway } = await start(8443, ['127.0.0.1'])
    expect((await fetchThrough(gateway.port, 1001, { headers })).body).toBe('plain')
    const { gateway: stranger } = await start(8443)
    expect((await fetchThrough(stranger.port, 1001, { headers })).status).toBe(308)
  })

  it('lets plain HTTP pass where it is not wanted', async () => {
    const { gateway } = await start()
    expect((await fetchThrough(gateway.port, 1001)).body).toBe('plain')
  })
})
