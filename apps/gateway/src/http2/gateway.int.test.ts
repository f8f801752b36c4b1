import { execFile } from 'node:child_process'
import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { domain, routeEntry } from '../testing/start-gateway.ts'
import { type StartedSecureGateway, startSecureGateway } from '../testing/start-secure-gateway.ts'
import { startHttpUpstream, startRawUpstream } from '../testing/upstream.ts'

const use = cleanup()
const sessions: ClientHttp2Session[] = []
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy()
})

const host = (environment: number) => `www-${environment}.${domain}`

const open = ({ port, ca }: StartedSecureGateway, environment = 1001): ClientHttp2Session => {
  const tls: ConnectionOptions = { ca, servername: host(environment), host: '127.0.0.1', port, ALPNProtocols: ['h2'] }
  const session = connect(`https://${host(environment)}`, { createConnection: () => connectTls(tls) })
  session.on('error', () => {})
  sessions.push(session)
  return session
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly informed: number[]
  readonly trailers: Record<string, unknown>
  readonly body: string
  readonly code: number | undefined
}

const fetchOver = (session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}, body?: string | Buffer): Promise<Answer> =>
  new Promise((resolve) => {
    const stream = session.request(headers, { endStream: body === undefined })
    const informed: number[] = []
    let head: Record<string, unknown> = {}
    let trailers: Record<string, unknown> = {}
    let text = ''
    stream.on('headers', (more) => informed.push(Number(more[':status'])))
    stream.on('response', (more) => {
      head = { ...more }
    })
    stream.on('trailers', (more) => {
      trailers = { ...more }
    })
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    stream.on('error', () => {})
    stream.on('close', () =>
      resolve({ status: Number(head[':status'] ?? 0), headers: head, informed, trailers, body: text, code: stream.rstCode }),
    )
    if (body !== undefined) stream.end(body)
  })

describe('The gateway over HTTP/2', () => {
  it('forwards what a client sends, and tells the endpoint where it came from (RFC 9113, section 8)', async () => {
    const upstream = await use(
      startHttpUpstream((req, res) => {
        let body = ''
        req.on('data', (chunk) => {
          body += chunk
        })
        req.on('end', () => res.end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers, body })))
      }),
    )
    const secure = await use(startSecureGateway())
    secure.gateway.router.put(routeEntry(1001, [upstream.port]))
    const session = open(secure)
    const { status, body } = await fetchOver(session, { ':method': 'PUT', ':path': '/a%2Fb?x=%20', cookie: ['a=1', 'b=2'] }, 'hello')
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({
      method: 'PUT',
      url: '/a%2Fb?x=%20',
      body: 'hello',
      headers: {
        host: `${host(1001)}:443`,
        cookie: 'a=1; b=2',
        'x-forwarded-proto': 'https',
        'x-forwarded-for': '127.0.0.1',
        via: '2.0 standin-test',
      },
    })
  })

  it('refuses a Host that is not :authority (RFC 9113, section 8.3.1)', async () => {
    const secure = await use(startSecureGateway())
    expect((await fetchOver(open(secure), { ':authority': host(1001), host: host(1002) })).status).toBe(400)
  })

  it('refuses CONNECT (RFC 9110, section 9.3.6)', async () => {
    const secure = await use(startSecureGateway())
    expect((await fetchOver(open(secure), { ':method': 'CONNECT', ':authority': `${host(1001)}:22` }, '')).status).toBe(400)
  })

  it('sends a request for a name that its certificate does not cover elsewhere (RFC 9110, section 15.5.20)', async () => {
    const upstream = await use(startHttpUpstream((_, res) => res.end('ok')))
    const secure = await use(startSecureGateway())
    const entry = routeEntry(1001, [upstream.port])
    const [route] = entry.routes
    entry.routes.push({ ...(route as NonNullable<typeof route>), host: 'demo.example.com' })
    secure.gateway.router.put(entry)
    const session = open(secure)
    const { status, body } = await fetchOver(session, { ':authority': 'demo.example.com' })
    expect(status).toBe(421)
    expect(JSON.parse(body)).toMatchObject({ code: 'misdirected' })
    // One label of the domain is as good as another: browsers share a connection among them.
    expect((await fetchOver(session, { ':authority': host(1001) })).status).toBe(200)
    expect((await fetchOver(session, { ':authority': host(1002) })).status).toBe(404)
  })

  it('forwards 103, 100 and trailers (RFC 9110, sections 15.2 and 6.5)', async () => {
    const upstream = await use(
      startHttpUpstream((_, res) => {
        res.writeEarlyHints({ link: '</a.css>; rel=preload' })
        res.writeHead(200, { trailer: 'x-sum' })
        res.write('body')
        res.addTrailers({ 'x-sum': 'abc' })
        res.end()
      }),
    )
    const secure = await use(startSecureGateway())
    secure.gateway.router.put(routeEntry(1001, [upstream.port]))
    const session = open(secure)
    const answer = await fetchOver(session, { ':method': 'POST', expect: '100-continue' }, 'x')
    expect(answer).toMatchObject({ status: 200, body: 'body', trailers: { 'x-sum': 'abc' } })
    expect(answer.informed.sort()).toEqual([100, 103])
  })

  it('resets the stream where the endpoint dies in the middle, and the connection goes on', async () => {
    const dying = await use(
      startRawUpstream((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
          setTimeout(() => socket.destroy(), 20)
        })
      }),
    )
    const endless = await use(
      startRawUpstream((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n')
          setTimeout(() => socket.destroy(), 20)
        })
      }),
    )
    const secure = await use(startSecureGateway())
    secure.gateway.router.put(routeEntry(1001, [dying.port]))
    secure.gateway.router.put(routeEntry(1002, [endless.port]))
    const session = open(secure)
    for (const environment of [1001, 1002]) {
      const answer = await fetchOver(session, { ':authority': host(environment) })
      expect(answer).toMatchObject({ status: 200, code: constants.NGHTTP2_INTERNAL_ERROR })
    }
    expect((await fetchOver(session, { ':authority': host(1003) })).status).toBe(404)
  })

  it('closes the upstream of a client that resets its stream, within 100 ms', async () => {
    const upstream = await use(startHttpUpstream((_, res) => void res.write('first')))
    const secure = await use(startSecureGateway())
    secure.gateway.router.put(routeEntry(1001, [upstream.port]))
    const stream = open(secure).request({})
    stream.on('error', () => {})
    await new Promise((resolve) => stream.once('data', resolve))
    expect(upstream.sockets.size).toBe(1)
    stream.close(constants.NGHTTP2_CANCEL)
    await expect.poll(() => upstream.sockets.size, { interval: 10, timeout: 2_000 }).toBe(0)
    expect(secure.gateway.ended.at(-1)?.flag).toBe('client_gone')
  })

  it('answers many requests on one connection side by side', async () => {
    const upstream = await use(startHttpUpstream((req, res) => void setTimeout(() => res.end(req.url), Math.random() * 20)))
    const secure = await use(startSecureGateway())
    secure.gateway.router.put(routeEntry(1001, [upstream.port]))
    const session = open(secure)
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => fetchOver(session, { ':path': `/${i}` })))
    expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 200 }, (_, i) => `/${i}`))
  })

  it('takes and gives large bodies whole', async () => {
    const upstream = await use(startHttpUpstream((req, res) => void req.pipe(res)))
    const secure = await use(startSecureGateway())
    secure.gateway.router.put(routeEntry(1001, [upstream.port]))
    const body = Buffer.alloc(3_000_000, 'standin ')
    const answer = await fetchOver(open(secure), { ':method': 'POST' }, body)
    expect(answer.body.length).toBe(body.length)
    expect(answer.body === body.toString()).toBe(true)
  })

  it('drains: what is under way is answered, then the connection ends (RFC 9113, section 6.8)', async () => {
    const upstream = await use(startHttpUpstream((_, res) => void setTimeout(() => res.end('late'), 100)))
    const secure = await use(startSecureGateway())
    secure.gateway.router.put(routeEntry(1001, [upstream.port]))
    const session = open(secure)
    const answer = fetchOver(session)
    const closed = new Promise((resolve) => session.once('close', resolve))
    await expect.poll(() => upstream.sockets.size).toBe(1)
    await secure.gateway.listener.drain(5_000)
    expect((await answer).body).toBe('late')
    await closed
  })

  it.each([
    ['--http2', '2'],
    ['--http1.1', '1.1'],
  ])('serves curl %s, which trusts the CA', async (flag, version) => {
    const upstream = await use(startHttpUpstream((_, res) => res.end('ok')))
    const secure = await use(startSecureGateway())
    secure.gateway.router.put(routeEntry(1001, [upstream.port]))
    const url = `https://${host(1001)}:${secure.port}/`
    const resolve = `${host(1001)}:${secure.port}:127.0.0.1`
    const { stdout } = await promisify(execFile)('curl', [
      ...['-sS', flag, '--noproxy', '*', '--cacert', secure.caFile, '--resolve', resolve, '-w', ' %{http_version} %{http_code}', url],
    ])
    expect(stdout).toBe(`ok ${version} 200`)
  })
})
