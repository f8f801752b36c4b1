import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  type OutgoingHttpHeaders,
  type Settings,
} from 'node:http2'
import { connect, type TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { eventually } from '../testing/raw-client.ts'
import { domain, routeEntry } from '../testing/start-gateway.ts'
import { startSecureGateway } from '../testing/start-secure-gateway.ts'
import { startHttpUpstream } from '../testing/upstream.ts'

const use = cleanup()
const host = `www-1001.${domain}`

interface Asked {
  readonly stream: ClientHttp2Stream
  status: number
  text: string
  hasClosed: boolean
  code: number
}

const ask = (session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string): Asked => {
  const stream = session.request(headers, { endStream: body === undefined })
  const asked: Asked = { stream, status: 0, text: '', hasClosed: false, code: 0 }
  stream.on('response', (head) => {
    asked.status = head[':status'] ?? 0
  })
  stream.on('data', (chunk) => {
    asked.text += chunk
  })
  stream.on('error', () => {})
  stream.on('close', () => {
    asked.hasClosed = true
    asked.code = stream.rstCode
  })
  if (body !== undefined) stream.write(body)
  return asked
}

/** A gateway whose endpoint reads bodies; sends without an end on `/endless`, begins to answer at once on `/early`. */
const startAll = async (settings: Settings = {}) => {
  const secure = await use(startSecureGateway({ clientLimits: { stallMs: 1_000 } }))
  const paths: (string | undefined)[] = []
  const upstream = await use(
    startHttpUpstream((req, res) => {
      paths.push(req.url)
      res.on('error', () => {})
      req.resume()
      if (req.url === '/early') res.write('begun')
      else if (req.url === '/endless') {
        const fill = () => {
          while (res.write(Buffer.alloc(64 * 1024)));
        }
        res.on('drain', fill)
        fill()
      } else req.on('end', () => res.writeHead(204).end())
    }),
  )
  secure.gateway.router.put(routeEntry(1001, [upstream.port]))
  let socket: TLSSocket | undefined
  const session = connectHttp2(`https://${host}`, {
    settings,
    createConnection: () => {
      socket = connect({ host: '127.0.0.1', port: secure.port, servername: host, ca: secure.ca, ALPNProtocols: ['h2'] })
      return socket
    },
  })
  session.on('error', () => {})
  await use(Promise.resolve({ [Symbol.asyncDispose]: async () => session.destroy() }))
  return { gateway: secure.gateway, upstream, session, paths, socket: socket as unknown as TLSSocket }
}

describe('A client of HTTP/2 that stalls', () => {
  it('is answered with 408 where it keeps back a body, and may go on with others (RFC 9110, section 15.5.9)', async () => {
    const { gateway, upstream, session } = await startAll()
    const asked = [
      ask(session, { ':method': 'POST', ':path': '/' }, 'half'),
      ask(session, { ':method': 'POST', ':path': '/', 'content-length': 100 }, 'half'),
    ]
    await eventually('both are over', () => asked.every(({ hasClosed }) => hasClosed))
    expect(asked.map(({ status }) => status)).toEqual([408, 408])
    expect(asked[0]?.text).toContain('"code":"request_timeout"')
    await eventually('the endpoint is let go', () => upstream.sockets.size === 0)
    expect(gateway.ended.map(({ flag }) => flag)).toEqual(['client_stalled', 'client_stalled'])
    const next = ask(session, { ':path': '/' })
    await eventually('it is served', () => next.hasClosed)
    expect(next.status).toBe(204)
  })

  it('is reset where the answer to the body that it keeps back had begun', async () => {
    const { gateway, upstream, session } = await startAll()
    const asked = ask(session, { ':method': 'POST', ':path': '/early', 'content-length': 100 }, 'half')
    await eventually('it is over', () => asked.hasClosed)
    expect([asked.text, asked.code === 0]).toEqual(['begun', false])
    await eventually('the endpoint is let go', () => upstream.sockets.size === 0)
    expect(gateway.ended.map(({ flag }) => flag)).toEqual(['client_stalled'])
  })

  it('is reset where it does not open its window, and may go on with others (RFC 9113, section 6.9)', async () => {
    const { gateway, upstream, session } = await startAll({ initialWindowSize: 0 })
    const asked = ask(session, { ':path': '/endless' })
    asked.stream.pause()
    await eventually('its exchange has ended', () => gateway.ended.length === 1)
    expect(gateway.ended[0]?.flag).toBe('client_stalled')
    await eventually('the endpoint is let go', () => upstream.sockets.size === 0)
    const next = ask(session, { ':path': '/' })
    await eventually('it is served', () => next.hasClosed)
    expect(next.status).toBe(204)
  })

  it('loses its connection where it does not read it', async () => {
    const large = 0x7fff_ffff
    const { gateway, upstream, session, socket } = await startAll({ initialWindowSize: large })
    session.once('connect', () => session.setLocalWindowSize(large))
    ask(session, { ':path': '/endless' })
    await eventually('something comes', () => socket.bytesRead > 1_000_000)
    // Behind the library's back: it would read whatever its windows allow.
    const handle = (socket as unknown as { _handle: { readStop(): void } })._handle
    handle.readStop()
    socket.pause()
    await eventually('its exchange has ended', () => gateway.ended.length === 1)
    expect(gateway.ended[0]?.flag).toBe('client_stalled')
    await eventually('the endpoint is let go', () => upstream.sockets.size === 0)
    await eventually('its connection is gone', () => gateway.listener.connections.size === 0)
  })

  it('is not held to be one where both sides may be quiet: in a stream of gRPC, or once the answer has begun', async () => {
    const { gateway, session, paths } = await startAll()
    const grpc = ask(session, { ':method': 'POST', ':path': '/', 'content-type': 'application/grpc', te: 'trailers' }, 'half')
    const both = ask(session, { ':method': 'POST', ':path': '/early' }, 'half')
    await eventually('both have arrived', () => paths.length === 2)
    await new Promise((resolve) => setTimeout(resolve, 2_600))
    expect([grpc.hasClosed, both.hasClosed, gateway.ended.length]).toEqual([false, false, 0])
    grpc.stream.end('other half')
    await eventually('it is answered', () => grpc.hasClosed)
    expect(grpc.status).toBe(204)
  })
})
