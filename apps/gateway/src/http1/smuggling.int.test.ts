import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { fetchThrough } from '../testing/fetch-through.ts'
import type { LlhttpMessage } from '../testing/llhttp.ts'
import { eventually, openRaw, sendRaw } from '../testing/raw-client.ts'
import { answersOfEndpoints, post, probe, refusedChunks, refusedHeads, smuggled, understood } from '../testing/smuggling-corpus.ts'
import { routeEntry, startGateway } from '../testing/start-gateway.ts'
import { okAnswer, startStrictUpstream, type UpstreamConnection } from '../testing/strict-upstream.ts'

const use = cleanup()
const setUp = async (answer?: (request: LlhttpMessage, connection: UpstreamConnection) => string | null) => {
  const gateway = await use(startGateway())
  const upstream = await use(startStrictUpstream(answer))
  gateway.router.put(routeEntry(1001, [upstream.port]))
  return { gateway, upstream }
}

const statuses = (text: string) => (text.match(/HTTP\/1\.1 [1-5][0-9][0-9]/g) ?? []).map((line) => Number(line.slice(-3)))
describe('Bytes that want to be two requests', () => {
  it.each(refusedHeads)('are refused and no endpoint hears of them: %s', async (_, bytes) => {
    const { gateway, upstream } = await setUp()
    const { text } = await sendRaw(gateway.port, bytes + probe, (sofar) => sofar.includes('route_not_found'))
    expect(statuses(text)).toEqual([400])
    expect(text).toMatch(/\r\nConnection: close\r\n/i)
    expect(upstream.connections.map(({ received }) => received)).toEqual([])
  })

  it.each(refusedChunks)('are cut off where the body is malformed: %s', async (_, body) => {
    const { gateway, upstream } = await setUp()
    const { text } = await sendRaw(gateway.port, post('Transfer-Encoding: chunked') + body + smuggled + probe, (sofar) =>
      sofar.includes('route_not_found'),
    )
    expect(statuses(text).filter((status) => status !== 400)).toEqual([])
    expect(text).not.toContain('route_not_found')
    expect(upstream.seen()).toEqual([])
    for (const { fault, received } of upstream.connections) {
      expect(fault).toBe(null)
      expect(received).not.toContain('/smuggled')
    }
    await eventually('the endpoint’s connection is closed', () => upstream.sockets.size === 0)
  })

  it.each(understood)('are passed on as one understanding: %s', async (_, bytes, seen, answers) => {
    const { gateway, upstream } = await setUp()
    const { text } = await sendRaw(gateway.port, bytes + probe, (sofar) => sofar.includes('route_not_found'))
    expect(statuses(text)).toEqual(answers)
    expect(upstream.seen()).toEqual(seen)
    expect(upstream.connections.map(({ fault }) => fault).filter((fault) => fault !== null)).toEqual([])
  })
})

describe('An endpoint’s bytes that want to be two answers', () => {
  it.each(answersOfEndpoints)('never reach the next client: %s', async (_, bytes, verdict, method = 'GET') => {
    const { gateway, upstream } = await setUp((request) => (request.target === '/first' ? bytes : okAnswer(request)))
    const first = await fetchThrough(gateway.port, 1001, { path: '/first', method })
    if (verdict === 'passed') expect([first.status, first.body.replace('ok', '')]).toEqual([Number(/ ([0-9]{3})/.exec(bytes)?.[1]), ''])
    else expect(first.status).toBe(502)
    for (let next = 1; next < 4; next++) {
      const { status, body } = await fetchThrough(gateway.port, 1001, { path: `/next-${next}` })
      expect([status, body]).toEqual([200, `/next-${next}`])
    }
    expect(upstream.connections[0]?.requests).toHaveLength(1)
  })

  it.each([['at once'], ['later']])('never reach the next client: an answer before the body has come, and the rest %s', async (when) => {
    // The endpoint answers from the head alone and takes what follows for its next request, as CL.0 has it.
    const gateway = await use(startGateway())
    const upstream = await use(startStrictUpstream())
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const socket = await openRaw(gateway.port)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.write(post(`Content-Length: ${smuggled.length}`))
    await eventually('the endpoint has the head', () => upstream.connections[0]?.received.endsWith('\r\n\r\n') === true)
    upstream.connections[0]?.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly')
    await eventually('the client has the answer', () => text.includes('early'))
    if (when === 'later') await new Promise((resolve) => setTimeout(resolve, 20))
    socket.write(smuggled)
    for (let next = 1; next < 4; next++)
      expect((await fetchThrough(gateway.port, 1001, { path: `/next-${next}` })).body).toBe(`/next-${next}`)
    socket.destroy()
    // Whatever the first connection got of the body is part of its one request, and nobody else's request followed it.
    expect(upstream.connections[0]?.received).not.toContain('/next-')
    expect(statuses(text)).toEqual([200])
  })
})
