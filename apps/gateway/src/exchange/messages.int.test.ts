import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { eventually, getRequest, openRaw, sendRaw } from '../testing/raw-client.ts'
import { domain, routeEntry, startGateway } from '../testing/start-gateway.ts'
import { startHttpUpstream, startRawUpstream } from '../testing/upstream.ts'

const use = cleanup()

/** A client that collects what it gets. */
const openClient = async (port: number) => {
  const socket = await openRaw(port)
  const client = { socket, text: '' }
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    client.text += chunk.toString('latin1')
  })
  return client
}

const put = (path: string, length: number, headers = '') =>
  `PUT ${path} HTTP/1.1\r\nHost: www-1001.${domain}\r\n${headers}Content-Length: ${length}\r\n\r\n`

describe('Informational responses (RFC 9110, section 15.2)', () => {
  it('leaves it to the endpoint whether a body is asked for: 100-continue', async () => {
    const gateway = await use(startGateway())
    let ask: (() => void) | undefined
    let body = ''
    const upstream = await use(
      startRawUpstream((socket) => {
        socket.once('data', (head) => {
          expect(head.toString()).toMatch(/\r\nExpect: 100-continue\r\n/)
          expect(head.toString()).toMatch(/\r\n\r\n$/)
          ask = () => void socket.write('HTTP/1.1 100 Continue\r\n\r\n')
          socket.on('data', (chunk) => {
            body += chunk
            if (body === 'hello') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
          })
        })
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const client = await openClient(gateway.port)
    client.socket.write(put('/', 5, 'Expect: 100-continue\r\n'))
    await eventually('the endpoint has the head', () => ask !== undefined)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(client.text).toBe('')
    ask?.()
    await eventually('the client is asked', () => client.text === 'HTTP/1.1 100 Continue\r\n\r\n')
    client.socket.write('hello')
    await eventually('the answer is there', () => client.text.endsWith('\r\n\r\nok'))
    // The connection is still good.
    client.socket.write(getRequest(4711))
    await eventually('the next request is answered', () => client.text.includes('route_not_found'))
    client.socket.destroy()
  })

  it('passes on that an endpoint refuses a body, and takes nothing for a request that could be the body', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startRawUpstream((socket) => socket.once('data', () => socket.write('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n'))),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const { text } = await sendRaw(gateway.port, put('/', 5, 'Expect: 100-continue\r\n'))
    expect(text).toMatch(/^HTTP\/1\.1 417 No\r\n/)
    expect(text).toMatch(/\r\nConnection: close\r\n/)
    await eventually('the endpoint’s connection is closed', () => upstream.sockets.size === 0)
  })

  it('takes a body that comes without being asked for', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startHttpUpstream((req, res) => {
        req.pipe(res)
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const client = await openClient(gateway.port)
    client.socket.write(`${put('/', 5, 'Expect: 100-continue\r\n')}hello`)
    await eventually('the answer is there', () => client.text.includes('hello'))
    client.socket.destroy()
  })

  it('relays 103 as it comes, before the response', async () => {
    const gateway = await use(startGateway())
    let finish: (() => void) | undefined
    const upstream = await use(
      startHttpUpstream((_, res) => {
        res.writeEarlyHints({ link: '</a.css>; rel=preload' })
        finish = () => void res.end('done')
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const client = await openClient(gateway.port)
    client.socket.write(getRequest(1001))
    await eventually('the hint is there', () => client.text === 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n')
    finish?.()
    await eventually('the response follows', () => client.text.includes('HTTP/1.1 200 OK') && client.text.includes('done'))
    client.socket.destroy()
  })
})

describe('Requests of all kinds', () => {
  it('passes the trailers of a request on, without those that frame, route or authorise (RFC 9110, section 6.5.1)', async () => {
    const gateway = await use(startGateway())
    let received = ''
    const upstream = await use(
      startRawUpstream((socket) =>
        socket.on('data', (chunk) => {
          received += chunk
          if (received.endsWith('\r\n\r\n') && received.includes('\r\n0\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        }),
      ),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const { text } = await sendRaw(
      gateway.port,
      `POST / HTTP/1.1\r\nHost: www-1001.${domain}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 42\r\nHost: evil\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n`,
    )
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(received).toMatch(/\r\n3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n$/)
  })

  it('answers a client of HTTP/1.0 without chunks, and ends with the connection (RFC 9112, section 6.3)', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(
      startHttpUpstream((_, res) => {
        res.write('one ')
        res.end('two')
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const { text, wasReset } = await sendRaw(gateway.port, `GET / HTTP/1.0\r\nHost: www-1001.${domain}\r\nConnection: keep-alive\r\n\r\n`)
    expect(text).not.toMatch(/transfer-encoding/i)
    expect(text).toMatch(/\r\n\r\none two$/)
    expect(wasReset).toBe(false)
  })

  it('sends a small response in one piece, head and body', async () => {
    const gateway = await use(startGateway())
    const upstream = await use(startHttpUpstream((_, res) => void res.end('small')))
    gateway.router.put(routeEntry(1001, [upstream.port]))
    const client = await openRaw(gateway.port)
    const pieces: string[] = []
    client.on('data', (chunk) => pieces.push(chunk.toString()))
    for (let i = 1; i <= 5; i++) {
      client.write(getRequest(1001))
      await eventually('it is there', () => pieces.join('').split('small').length === i + 1)
      expect(pieces).toHaveLength(i)
    }
    client.destroy()
  })
})

describe('Where a request came from (RFC 7239)', () => {
  const heads = async (trusted: string[], headers: string[]) => {
    const gateway = await use(startGateway({ trusted }))
    let seen: Record<string, unknown> = {}
    const upstream = await use(
      startHttpUpstream((req, res) => {
        seen = req.headers
        res.end()
      }),
    )
    gateway.router.put(routeEntry(1001, [upstream.port]))
    await sendRaw(gateway.port, getRequest(1001, '/', ['Connection: close', ...headers]))
    return seen
  }
  const claims = [
    'X-Forwarded-For: 198.51.100.1, 198.51.100.2',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: outside.example',
    'X-Forwarded-Port: 443',
    'X-Forwarded-Prefix: /shop',
    'X-Real-IP: 192.0.2.1',
    'Forwarded: for=198.51.100.1;proto=https',
  ]

  it('is appended to what a trusted peer says', async () => {
    expect(await heads(['127.0.0.1'], claims)).toMatchObject({
      'x-forwarded-for': '198.51.100.1, 198.51.100.2, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'outside.example',
      'x-forwarded-port': '443',
      'x-forwarded-prefix': '/shop',
      'x-real-ip': '192.0.2.1',
      forwarded: `for=198.51.100.1;proto=https, for=127.0.0.1;host="www-1001.${domain}";proto=http`,
    })
    expect(await heads(['127.0.0.1'], [])).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' })
  })

  it('is not taken from anybody else', async () => {
    const seen = await heads(['192.0.2.1'], claims)
    expect(seen).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http', 'x-forwarded-host': `www-1001.${domain}` })
    expect(seen['x-forwarded-prefix']).toBeUndefined()
    expect(seen['x-real-ip']).toBeUndefined()
    expect(seen.forwarded).toBe(`for=127.0.0.1;host="www-1001.${domain}";proto=http`)
  })
})
