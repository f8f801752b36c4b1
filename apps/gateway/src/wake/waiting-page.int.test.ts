import { StandinError } from '@standin/client/errors'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { eventually, getRequest, openRaw } from '../testing/raw-client.ts'
import { routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()
const browser = { headers: { accept: 'text/html,*/*;q=0.8' } }

describe('The waiting page', () => {
  it('is not seen where waking takes no longer than a moment', async () => {
    const gateway = await use(startGateway({ limits: { pageAfterMs: 20_000 } }))
    const upstream = await use(startHttpUpstream((_, res) => res.end('the application')))
    gateway.router.put(routeEntry(1001, [], { state: 'suspended' }))
    const answer = fetchThrough(gateway.port, 1001, browser)
    await eventually('it waits', () => gateway.wake.waiting === 1)
    gateway.router.put(routeEntry(1001, [upstream.port], { revision: 2 }))
    expect(await answer).toMatchObject({ status: 200, body: 'the application' })
  })

  it('comes to a browser after a moment, is nobody’s to keep, and is no activity while it is looked at', async () => {
    const gateway = await use(startGateway({ limits: { pageAfterMs: 50 } }))
    gateway.router.put({
      ...routeEntry(1001, [], { state: 'suspended' }),
      name: '<b>shop</b>',
      hosts: [{ name: 'db', ready: 0, wanted: 1 }],
    })
    const { status, headers, body } = await fetchThrough(gateway.port, 1001, browser)
    expect(status).toBe(503)
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'retry-after': '2',
      'standin-state': 'suspended',
    })
    const nonce = /script-src 'nonce-([0-9a-f]+)'/.exec(headers['content-security-policy'] as string)?.[1]
    expect(body).toContain(`<script nonce="${nonce}">`)
    expect(body).toContain('<noscript><meta http-equiv="refresh" content="2; url=/./"></noscript>')
    expect(body).toContain('Waking &#60;b&#62;shop')
    expect(body).not.toContain('<b>shop')
    expect(gateway.ended[0]).toMatchObject({ status: 503, flag: 'waiting_page' })
    expect(gateway.activity.record(1001).open).toBe(0)
    const other = await fetchThrough(gateway.port, 1001, browser)
    expect(other.headers['content-security-policy']).not.toContain(nonce)
  })

  it('waits in place of its visitor: control is asked on, once, until the time is up', async () => {
    let asks = 0
    let isAborted = false
    const gateway = await use(
      startGateway({
        limits: { pageAfterMs: 20, holdMs: 2_500 },
        resume: async (_, __, signal) => {
          asks++
          signal.addEventListener('abort', () => {
            isAborted = true
          })
          throw new StandinError('unreachable', 'Control does not run')
        },
      }),
    )
    gateway.router.put(routeEntry(1001, [], { state: 'suspended' }))
    expect((await fetchThrough(gateway.port, 1001, browser)).status).toBe(503)
    expect(gateway.wake).toMatchObject({ waiting: 0, awaited: 1 })
    await eventually('control was asked again', () => asks > 1)
    const status = await fetchThrough(gateway.port, 1001, { path: '/.well-known/standin' })
    expect(JSON.parse(status.body).says).toBe('It could not be woken yet: Control does not run.')
    await eventually('it gives up', () => gateway.wake.awaited === 0)
    expect(isAborted).toBe(true)
  })

  it('is for page loads alone: what is sent, and what scripts ask for, is held', async () => {
    const gateway = await use(startGateway({ limits: { pageAfterMs: 30 } }))
    const upstream = await use(startHttpUpstream((req, res) => req.pipe(res)))
    gateway.router.put(routeEntry(1001, [], { state: 'starting' }))
    const answers = [
      fetchThrough(gateway.port, 1001, { ...browser, method: 'POST', body: 'a form' }),
      fetchThrough(gateway.port, 1001, { headers: { ...browser.headers, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' } }),
      fetchThrough(gateway.port, 1001),
    ]
    await eventually('all wait', () => gateway.wake.waiting === 3)
    await new Promise((resolve) => setTimeout(resolve, 100))
    gateway.router.put(routeEntry(1001, [upstream.port], { revision: 2 }))
    expect((await Promise.all(answers)).map(({ status, body }) => [status, body])).toEqual([
      [200, 'a form'],
      [200, ''],
      [200, ''],
    ])
  })

  it('comes at once where no more requests may wait', async () => {
    const gateway = await use(startGateway({ limits: { perEnvironment: 1, pageAfterMs: 60_000 } }))
    gateway.router.put(routeEntry(1001, [], { state: 'suspended' }))
    const waiting = await openRaw(gateway.port)
    waiting.write(getRequest(1001))
    await eventually('one waits', () => gateway.wake.waiting === 1)
    expect((await fetchThrough(gateway.port, 1001)).status).toBe(503)
    const page = await fetchThrough(gateway.port, 1001, browser)
    expect(page.body).toContain('Waking shop-1001')
    waiting.destroy()
  })

  it('gives way to what happened where the environment can not be woken', async () => {
    const gateway = await use(startGateway({ limits: { pageAfterMs: 30 } }))
    gateway.router.put(routeEntry(1001, [], { state: 'failed', reason: 'web ended with exit code 1' }))
    const { status, body } = await fetchThrough(gateway.port, 1001, browser)
    expect(status).toBe(503)
    expect(body).toContain('web ended with exit code 1')
    expect(body).toContain('<code>standin logs 1001</code>')
    expect(body).not.toContain('http-equiv="refresh"')
  })
})
