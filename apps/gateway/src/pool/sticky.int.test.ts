import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import { routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'
import { openWebSocket, startWebSocketUpstream } from '../testing/web-socket.ts'

const use = cleanup()
const policy = { balance: 'sticky', eject: { failures: 1, forMs: 60_000 } } as const

const startThree = async () => {
  const gateway = await use(startGateway())
  const upstreams = await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      use(
        startHttpUpstream((req, res) => {
          res.setHeader('Set-Cookie', ['lang=en', 'theme=dark'])
          res.end(`${name} saw ${req.headers.cookie ?? 'nothing'}`)
        }),
      ),
    ),
  )
  const ports = upstreams.map(({ port }) => port)
  gateway.router.put(routeEntry(1001, ports, { policy }))
  const ask = (cookie?: string) => fetchThrough(gateway.port, 1001, cookie === undefined ? {} : { headers: { cookie } })
  return { gateway, upstreams, ports, ask }
}

/** `name=value` of the gateway's own cookie in an answer. */
const cookieOf = (headers: { 'set-cookie'?: string[] | undefined }) =>
  headers['set-cookie']?.find((line) => line.startsWith('standin_instance='))?.split(';')[0]

describe('a sticky service', () => {
  it('gives a cookie with the first answer, after the application’s own, and goes by it from then on', async () => {
    const { ask } = await startThree()
    const first = await ask()
    expect(first.headers['set-cookie']).toEqual([
      'lang=en',
      'theme=dark',
      expect.stringMatching(/^standin_instance=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax$/),
    ])
    const cookie = cookieOf(first.headers)
    const name = first.body[0]
    for (let i = 0; i < 6; i++) {
      const next = await ask(`theme=dark; ${cookie}; lang=en`)
      expect(next.body, 'the application does not see it').toBe(`${name} saw theme=dark; lang=en`)
      expect(cookieOf(next.headers)).toBeUndefined()
    }
  })

  it('spreads those who come without one', async () => {
    const { ask } = await startThree()
    const bodies = []
    for (let i = 0; i < 6; i++) bodies.push((await ask()).body[0])
    expect(bodies.sort().join('')).toBe('aabbcc')
  })

  it('takes another instance and sets the cookie anew when that one has died', async () => {
    const { ask, upstreams } = await startThree()
    const first = await ask()
    const cookie = cookieOf(first.headers)
    const index = 'abc'.indexOf(first.body[0] ?? '')
    await upstreams[index]?.[Symbol.asyncDispose]()
    const second = await ask(cookie)
    expect(second.status).toBe(200)
    expect(second.body[0]).not.toBe(first.body[0])
    const anew = cookieOf(second.headers)
    expect(anew).toBeDefined()
    expect(anew).not.toBe(cookie)
    expect((await ask(anew)).body[0]).toBe(second.body[0])
  })

  it('keeps to the instance while the table changes, and when it is drained', async () => {
    const { ask, gateway, ports } = await startThree()
    const first = await ask()
    const cookie = cookieOf(first.headers)
    const index = 'abc'.indexOf(first.body[0] ?? '')
    for (let revision = 2; revision < 8; revision++) {
      const weights = ports.map((_, at) => (at === index && revision > 4 ? 0 : 1))
      gateway.router.put(routeEntry(1001, ports, { policy, revision, weights }))
      expect((await ask(cookie)).body[0]).toBe(first.body[0])
    }
  })

  it('goes by the cookie for WebSockets, and gives one with the handshake', async () => {
    const gateway = await use(startGateway())
    const upstreams = await Promise.all([0, 1, 2].map(() => use(startWebSocketUpstream())))
    gateway.router.put(
      routeEntry(
        1001,
        upstreams.map(({ port }) => port),
        { policy },
      ),
    )
    const first = await openWebSocket(gateway.port, 1001)
    const cookie = /standin_instance=[\w-]{22}/.exec(first.head)?.[0]
    expect(cookie).toBeDefined()
    for (let i = 0; i < 3; i++) {
      const next = await openWebSocket(gateway.port, 1001, [`Cookie: ${cookie}`])
      expect(next.head).not.toContain('standin_instance')
      next.destroy()
    }
    first.destroy()
    expect(upstreams.map((upstream) => upstream.accepted()).sort()).toEqual([0, 0, 4])
  })
})
