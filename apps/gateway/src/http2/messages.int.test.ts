import { type ClientHttp2Session, connect, createServer, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { domain, routeEntry } from '../testing/start-gateway.ts'
import { type StartedSecureGateway, startSecureGateway } from '../testing/start-secure-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()
const sessions: ClientHttp2Session[] = []
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy()
})
const host = `www-1001.${domain}`

const fetchOver = async ({ port, ca }: StartedSecureGateway, headers: OutgoingHttpHeaders, body: string | null) => {
  const session = connect(`https://${host}`, {
    createConnection: () => connectTls({ ca, servername: host, host: '127.0.0.1', port, ALPNProtocols: ['h2'] }),
  })
  session.on('error', () => {})
  sessions.push(session)
  const stream = session.request(headers, { endStream: body === null })
  const answer = { status: 0, body: '', trailers: {} as Record<string, unknown>, code: -1 }
  stream.on('response', (head) => {
    answer.status = head[':status'] ?? 0
  })
  stream.on('data', (chunk: Buffer) => {
    answer.body += chunk.toString()
  })
  stream.on('trailers', (more) => {
    answer.trailers = { ...more }
  })
  stream.on('error', () => {})
  const closed = new Promise((resolve) => stream.once('close', resolve))
  if (body !== null) stream.end(body)
  await closed
  return { ...answer, code: stream.rstCode }
}

/** An endpoint of HTTP/2 that says how long its answer is, and has something to add to it. */
const startTrailing = async (body: string) => {
  const server = createServer()
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {})
    stream.respond({ ':status': 200, 'content-length': body.length, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return use(
    Promise.resolve({
      port: (server.address() as AddressInfo).port,
      [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
    }),
  )
}

describe('A message over HTTP/2', () => {
  it.each([
    ['a length of nothing', { 'content-length': '0' }, ''],
    ['a length', { 'content-length': '2' }, 'ab'],
    ['no length', {}, ''],
  ])('has a body whose end comes in a frame of its own, with %s', async (_, headers, body) => {
    const upstream = await use(
      startHttpUpstream((req, res) => {
        const chunks: Buffer[] = []
        req.on('data', (chunk: Buffer) => chunks.push(chunk))
        req.on('end', () => res.end(`${req.method} ${Buffer.concat(chunks)}`))
      }),
    )
    const secure = await use(startSecureGateway())
    secure.gateway.router.put(routeEntry(1001, [upstream.port]))
    expect(await fetchOver(secure, { ':method': 'POST', ...headers }, body)).toMatchObject({ status: 200, body: `POST ${body}`, code: 0 })
  })

  it('keeps trailers although it says how long it is (RFC 9113, section 8.1)', async () => {
    const upstream = await startTrailing('hello')
    const secure = await use(startSecureGateway())
    const entry = routeEntry(1001, [upstream.port])
    for (const route of entry.routes) route.policy = { protocol: 'h2c' }
    secure.gateway.router.put(entry)
    const answer = await fetchOver(secure, { ':method': 'POST', te: 'trailers' }, 'x')
    expect(answer).toMatchObject({ status: 200, body: 'hello', code: 0, trailers: { 'grpc-status': '0' } })
  })
})
