import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { sendRaw } from '../testing/raw-client.ts'
import { domain, routeEntry, startGateway } from '../testing/start-gateway.ts'
import { type StrictUpstream, startStrictUpstream } from '../testing/strict-upstream.ts'

const use = cleanup()

const host = `Host: www-1001.${domain}\r\n`
const cookie = 'Cookie: standin_instance=x; a=1\r\n'

/** Requests whose fields are partly the very same ones, in an order in which what is kept of one could do harm to another. */
const requests = [
  `GET /1 HTTP/1.1\r\n${host}Accept: */*\r\n\r\n`,
  `GET http://www-1002.${domain}/2 HTTP/1.1\r\n${host}Accept: */*\r\n\r\n`,
  `GET /3 HTTP/1.1\r\n${host}Accept: */*\r\n\r\n`,
  `GET /a HTTP/1.1\r\n${host}\r\n`,
  `GET /b?q=1 HTTP/1.1\r\n${host}\r\n`,
  `GET http://www-1002.${domain}/absolute HTTP/1.1\r\n${host}\r\n`,
  `GET /c HTTP/1.1\r\n${host}\r\n`,
  `DELETE /d HTTP/1.1\r\n${host}\r\n`,
  `POST /e HTTP/1.1\r\n${host}\r\n`,
  `GET /f HTTP/1.1\r\nHost: www-1002.${domain}\r\n\r\n`,
  `GET /g HTTP/1.1\r\nHost: www-1002.${domain}\r\n\r\n`,
  `GET /h HTTP/1.1\r\nHost: www-1002.${domain}\r\nTE: trailers\r\nConnection: TE, X-Hop\r\nX-Hop: 1\r\nVia: 1.1 other\r\n\r\n`,
  `GET /i HTTP/1.1\r\nHost: www-1002.${domain}\r\nTE: trailers\r\nConnection: TE, X-Hop\r\nX-Hop: 1\r\nVia: 1.1 other\r\n\r\n`,
  `GET /j HTTP/1.1\r\nHost: www-1002.${domain}\r\nTE: trailers\r\nConnection: TE, X-Hop\r\nX-Hop: 1\r\nVia: 1.1 other\r\n\r\n`,
  `PUT /k HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nabc`,
  `PUT /l HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\ndef`,
  `PUT /m HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nghi`,
  `GET /n HTTP/1.1\r\n${host}${cookie}\r\n`,
  `GET /o HTTP/1.1\r\n${host}${cookie}\r\n`,
  `GET /p HTTP/1.1\r\n${host}${cookie}\r\n`,
  `GET /q HTTP/1.1\r\n${host}X-Request-Id: mine\r\n\r\n`,
  `GET /r HTTP/1.1\r\n${host}X-Request-Id: mine\r\n\r\n`,
  `GET /s HTTP/1.1\r\n${host}X-Request-Id: mine\r\n\r\n`,
  `GET /t HTTP/1.1\r\n${host}Connection: keep-alive\r\n\r\n`,
  `GET /u HTTP/1.1\r\n${host}Connection: keep-alive\r\n\r\n`,
  `GET /v HTTP/1.0\r\n${host}Connection: keep-alive\r\n\r\n`,
  `GET /w HTTP/1.0\r\n${host}Connection: keep-alive\r\n\r\n`,
  `GET /x HTTP/1.0\r\n${host}Connection: keep-alive\r\n\r\n`,
]

const start = async () => {
  const gateway = await use(startGateway({ trusted: ['127.0.0.1'] }))
  const upstream = await use(startStrictUpstream())
  const sticky = routeEntry(1001, [upstream.port])
  for (const route of sticky.routes) route.policy = { balance: 'sticky' }
  gateway.router.put(sticky)
  gateway.router.put(routeEntry(1002, [upstream.port]))
  return { gateway, upstream }
}

const answers = (text: string) => text.split('HTTP/1.1 200').length - 1

/** What the endpoint got, but for ids that are new for each request. */
const seen = ({ requests }: StrictUpstream) =>
  requests.map(({ method, target, version, headers, body }) => {
    const id = headers.indexOf('X-Request-Id') + 1
    return { method, target, version, body, headers: headers[id] === 'mine' ? headers : headers.with(id, 'ours') }
  })

describe('Requests of one connection that have the same fields', () => {
  it('reach the endpoint as if each had come on its own', async () => {
    const { gateway, upstream } = await start()
    for (const request of requests) await sendRaw(gateway.port, request, (text) => answers(text) === 1)
    await sendRaw(gateway.port, requests.join(''), (text) => answers(text) === requests.length)
    const all = seen(upstream)
    expect(all).toHaveLength(2 * requests.length)
    expect(all.slice(requests.length)).toEqual(all.slice(0, requests.length))
  })

  it('have an id each', async () => {
    const { gateway, upstream } = await start()
    const count = 5
    await sendRaw(gateway.port, requests[9]?.repeat(count) ?? '', (text) => answers(text) === count)
    const ids = upstream.connections.flatMap(({ received }) => received.match(/X-Request-Id: \S+/g) ?? [])
    expect(new Set(ids).size).toBe(count)
  })
})
