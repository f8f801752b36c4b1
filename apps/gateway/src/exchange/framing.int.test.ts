import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { eventually, openRaw, sendRaw } from '../testing/raw-client.ts'
import { domain, routeEntry, type StartedGateway, startGateway } from '../testing/start-gateway.ts'
import { startRecordingUpstream } from '../testing/upstream.ts'

const use = cleanup()
const host = `Host: www-1001.${domain}`
/** What an attacker wants the upstream to take for a request of its own. */
const smuggled = `GET /smuggled HTTP/1.1\r\n${host}\r\n\r\n`

const setUp = async () => {
  const gateway = await use(startGateway())
  const upstream = await use(startRecordingUpstream())
  gateway.router.put(routeEntry(1001, [upstream.port]))
  return { gateway, upstream }
}

/** Ends with a request that the gateway answers itself, so that a connection that stays open is seen as well. */
const probe = 'GET /probe HTTP/1.1\r\nHost: nobody\r\n\r\n'
const send = (gateway: StartedGateway, bytes: string) => sendRaw(gateway.port, bytes, (text) => text.includes('route_not_found'))

describe('Framing of requests', () => {
  it.each([
    [
      'Content-Length and Transfer-Encoding (RFC 9112, section 6.1)',
      `POST / HTTP/1.1\r\n${host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      'Transfer-Encoding and Content-Length',
      `POST / HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      'two lengths (RFC 9112, section 6.3)',
      `POST / HTTP/1.1\r\n${host}\r\nContent-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ],
    ['a list of lengths', `POST / HTTP/1.1\r\n${host}\r\nContent-Length: 0, 0\r\n\r\n${smuggled}`],
    ['a negative length', `POST / HTTP/1.1\r\n${host}\r\nContent-Length: -1\r\n\r\n${smuggled}`],
    ['a length with a sign', `POST / HTTP/1.1\r\n${host}\r\nContent-Length: +5\r\n\r\n${smuggled}`],
    ['a coding that is not chunked', `POST / HTTP/1.1\r\n${host}\r\nTransfer-Encoding: gzip\r\n\r\n${smuggled}`],
    ['codings before chunked', `POST / HTTP/1.1\r\n${host}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['chunked twice', `POST / HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['chunked before another coding', `POST / HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`],
    ['a coding with a tab in its name', `POST / HTTP/1.1\r\n${host}\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['Transfer-Encoding in HTTP/1.0', `POST / HTTP/1.0\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['a space before the colon (RFC 9112, section 5.1)', `POST / HTTP/1.1\r\n${host}\r\nContent-Length : 5\r\n\r\n${smuggled}`],
    ['a folded header (RFC 9112, section 5.2)', `POST / HTTP/1.1\r\n${host}\r\nX-A: 1\r\n Content-Length: 5\r\n\r\n${smuggled}`],
    ['a bare line feed (RFC 9112, section 2.2)', `POST / HTTP/1.1\n${host}\nContent-Length: 0\n\n${smuggled}`],
    ['a bare carriage return in a header', `POST / HTTP/1.1\r\n${host}\r\nX-A: a\rContent-Length: 5\r\n\r\n${smuggled}`],
    ['a zero byte in a header', `POST / HTTP/1.1\r\n${host}\r\nX-A: a\0b\r\n\r\n${smuggled}`],
    ['no Host (RFC 9112, section 3.2)', `GET / HTTP/1.1\r\n\r\n${smuggled}`],
    ['two Hosts', `GET / HTTP/1.1\r\n${host}\r\n${host}\r\n\r\n${smuggled}`],
    ['an empty Host', `GET / HTTP/1.1\r\nHost:\r\n\r\n${smuggled}`],
    ['several hosts in one', `GET / HTTP/1.1\r\n${host}, other\r\n\r\n${smuggled}`],
    ['a user in Host', `GET / HTTP/1.1\r\nHost: user@www-1001.${domain}\r\n\r\n${smuggled}`],
    ['a path in Host', `GET / HTTP/1.1\r\n${host}/path\r\n\r\n${smuggled}`],
    ['the target *', `GET * HTTP/1.1\r\n${host}\r\n\r\n${smuggled}`],
    ['the target * of OPTIONS', `OPTIONS * HTTP/1.1\r\n${host}\r\n\r\n${smuggled}`],
    ['another scheme in the target', `GET ftp://www-1001.${domain}/ HTTP/1.1\r\n${host}\r\n\r\n${smuggled}`],
    [
      'an Upgrade with a body',
      `POST / HTTP/1.1\r\n${host}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ],
    [
      'a WebSocket with a body',
      `GET / HTTP/1.1\r\n${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ],
    [
      'a WebSocket with a chunked body',
      `GET / HTTP/1.1\r\n${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    ['CONNECT', `CONNECT www-1001.${domain}:80 HTTP/1.1\r\n${host}\r\n\r\n${smuggled}`],
    ['the preface of HTTP/2', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${smuggled}`],
  ])('refuses %s with 400 and closes, and the upstream never hears of it', async (_, bytes) => {
    const { gateway, upstream } = await setUp()
    const { text } = await send(gateway, bytes + probe)
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
    expect(text).toContain('"code":"invalid"')
    expect(text).not.toContain('route_not_found')
    expect(upstream.received()).toBe('')
  })

  it.each([
    ['a chunk size that is none', 'Transfer-Encoding: chunked', 'zz\r\n'],
    ['a chunk longer than it says', 'Transfer-Encoding: chunked', '1\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size with a bare line feed', 'Transfer-Encoding: chunked', '1\na\r\n0\r\n\r\n'],
  ])('passes nothing on that follows %s', async (_, header, body) => {
    const { gateway, upstream } = await setUp()
    await send(gateway, `POST / HTTP/1.1\r\n${host}\r\n${header}\r\n\r\n${body}${smuggled}${probe}`)
    expect(upstream.received()).not.toContain('/smuggled')
    expect(upstream.received().match(/HTTP\/1\.1/g)?.length ?? 0).toBeLessThanOrEqual(1)
  })

  it.each(['GET', 'DELETE', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'REPORT'])(
    'frames a body by its head, not by the method: %s (RFC 9112, section 6)',
    async (method) => {
      const { gateway, upstream } = await setUp()
      const chunked = `${method} /chunked HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`
      const sized = `${method} /sized HTTP/1.1\r\n${host}\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`
      const { text } = await send(gateway, chunked + sized + probe)
      expect(text.match(/HTTP\/1\.1 [0-9]{3}/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 404'])
      const received = upstream.received()
      const heads = received.split(/(?=^[A-Z]+ \/(?:chunked|sized) HTTP)/m)
      expect(heads).toHaveLength(2)
      for (const head of heads) {
        const [lines = '', ...rest] = head.split('\r\n\r\n')
        const framing = lines.match(/^(content-length|transfer-encoding): .*$/gim)
        expect(framing, head).toHaveLength(1)
        // Whoever frames by that one header finds the smuggled request within the body, and nothing after it.
        const body = rest.join('\r\n\r\n')
        if (/chunked/.test(framing?.[0] ?? '')) expect(body).toBe(`${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`)
        else expect([framing?.[0].toLowerCase(), body]).toEqual([`content-length: ${smuggled.length}`, smuggled])
      }
    },
  )

  it('keeps Content-Length, whatever Connection says of it', async () => {
    const { gateway, upstream } = await setUp()
    await send(
      gateway,
      `POST / HTTP/1.1\r\n${host}\r\nConnection: content-length, host, x-forwarded-for\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}${probe}`,
    )
    expect(upstream.received()).toMatch(new RegExp(`Content-Length: ${smuggled.length}\r\n\r\n${smuggled}$`))
    expect(upstream.received()).toMatch(/X-Forwarded-For: 127\.0\.0\.1/)
  })

  it('takes the host of an absolute target and sends the path on (RFC 9112, section 3.2.2)', async () => {
    const { gateway, upstream } = await setUp()
    await send(gateway, `GET HTTP://WWW-1001.${domain}:80?q=1 HTTP/1.1\r\nHost: other\r\n\r\n${probe}`)
    expect(upstream.received()).toMatch(new RegExp(`^GET /\\?q=1 HTTP/1.1\r\nhost: WWW-1001.${domain}:80\r\n`))
  })

  it('leaves an Upgrade out that is not for a WebSocket, and uses neither connection again (RFC 9110, section 7.8)', async () => {
    const { gateway, upstream } = await setUp()
    const { text } = await send(
      gateway,
      `GET / HTTP/1.1\r\n${host}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n${smuggled}${probe}`,
    )
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(text).toMatch(/connection: close/i)
    expect(upstream.received()).toMatch(/^GET \/ HTTP\/1\.1\r\n/)
    expect(upstream.received()).not.toMatch(/h2c|http2-settings|\/smuggled/i)
    await eventually('the upstream connection is closed', () => upstream.sockets.size === 0)
  })

  it('never sends what follows a refused WebSocket to the upstream', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(startRecordingUpstream('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno'))
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const { text } = await send(
      gateway,
      `GET /ws HTTP/1.1\r\n${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 777\r\n\r\n${smuggled}${probe}`,
    )
    expect(text).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/)
    expect(text).toMatch(/\r\n\r\nno$/)
    expect(upstream.received()).not.toContain('/smuggled')
    await eventually('the upstream connection is closed', () => upstream.sockets.size === 0)
  })

  it('answers requests of a pipeline in their order', async () => {
    const { gateway } = await setUp()
    const get = (path: string) => `GET ${path} HTTP/1.1\r\n${host}\r\n\r\n`
    const { text } = await send(gateway, get('/1') + get('/2') + get('/3') + probe)
    expect(text.match(/HTTP\/1\.1 [0-9]{3}/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 404'])
  })

  it('refuses a head that is too large', async () => {
    const { gateway, upstream } = await setUp()
    const { text } = await send(gateway, `GET / HTTP/1.1\r\n${host}\r\nX-Large: ${'x'.repeat(70_000)}\r\n\r\n`)
    expect(text).toMatch(/^HTTP\/1\.1 431 /)
    expect(upstream.received()).toBe('')
  })

  it('takes a body that comes byte by byte', async () => {
    const { gateway, upstream } = await setUp()
    const client = await openRaw(gateway.port)
    client.setNoDelay(true)
    let text = ''
    client.on('data', (chunk) => {
      text += chunk.toString()
    })
    for (const byte of `POST /slow HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`) {
      client.write(byte)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await eventually('the answer arrives', () => text.endsWith('ok'))
    const chunks = upstream.received().split('\r\n\r\n', 2)[1]?.split('\r\n') ?? []
    expect(chunks.filter((_, index) => index % 2 === 1).join('')).toBe('abc')
    expect(upstream.received()).toMatch(/\r\n0\r\n\r\n$/)
    client.destroy()
  })
})
