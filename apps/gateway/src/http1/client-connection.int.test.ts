import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { defaultClientLimits } from '../gateway-config.ts'
import type { ClientStream, RequestListener } from '../http/client-stream.ts'
import { OpenConnections } from '../http/open-connections.ts'
import { cleanup } from '../testing/cleanup.ts'
import { localConnection } from '../testing/local-connection.ts'
import { eventually, openRaw, sendRaw } from '../testing/raw-client.ts'
import { acceptHttp1, type Http1ClientConnection } from './client-connection.ts'

const use = cleanup()

interface Server extends AsyncDisposable {
  port: number
  connections: OpenConnections
  accepted: Http1ClientConnection[]
  streams: ClientStream[]
  /** What was heard of each stream, in order. */
  heard: string[]
  draining: boolean
}

/** Serves connections as the test says, without a gateway around. */
const serve = async (onStream: (stream: ClientStream) => void): Promise<Server> => {
  const accepted: Http1ClientConnection[] = []
  const streams: ClientStream[] = []
  const heard: string[] = []
  const listening = createServer((socket) => {
    const info = { ...localConnection, port: 80, secure: false, transport: socket, covers: () => true }
    accepted.push(acceptHttp1(socket, info, handler))
  })
  const handler = {
    connections: new OpenConnections(),
    draining: false,
    limits: defaultClientLimits,
    onStream: (stream: ClientStream) => {
      streams.push(stream)
      stream.listener = recording(heard)
      onStream(stream)
    },
  }
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  return Object.assign(handler, {
    port: (listening.address() as AddressInfo).port,
    accepted,
    streams,
    heard,
    [Symbol.asyncDispose]: async () => {
      for (const connection of accepted) connection.destroy()
      await new Promise((resolve) => listening.close(resolve))
    },
  })
}

const recording = (heard: string[]): RequestListener => ({
  onBody: (chunk) => void heard.push(chunk.toString()),
  onBodyEnd: (trailers) => void heard.push(trailers === null ? 'end' : `end ${trailers.join(' ')}`),
  onClientDrain: () => void heard.push('drain'),
  onClientGone: () => void heard.push('gone'),
})

/** Answers with the target as body, and its length. */
const echo = (stream: ClientStream): void => {
  const body = Buffer.from(stream.head.target)
  stream.respond(200, 'OK', ['Date', 'then', 'Content-Length', String(body.length)], body.length, false)
  stream.write(body)
  stream.end(null)
}

const get = (path: string, version = '1.1', headers = '') => `GET ${path} HTTP/${version}\r\nHost: a\r\n${headers}\r\n`

describe('A connection of HTTP/1', () => {
  it('goes on for HTTP/1.1 unless somebody says close, and for HTTP/1.0 only if the client asks (RFC 9112, section 9.3)', async () => {
    const server = await use(serve(echo))
    const { text } = await sendRaw(server.port, get('/1') + get('/2', '1.1', 'Connection: close\r\n') + get('/3'))
    expect(text).toBe(
      'HTTP/1.1 200 OK\r\nDate: then\r\nContent-Length: 2\r\n\r\n/1HTTP/1.1 200 OK\r\nDate: then\r\nContent-Length: 2\r\nConnection: close\r\n\r\n/2',
    )
    expect((await sendRaw(server.port, get('/1', '1.0') + get('/2'))).text).toMatch(/\r\nConnection: close\r\n\r\n\/1$/)
    const kept = await sendRaw(server.port, get('/1', '1.0', 'Connection: Keep-Alive\r\n') + get('/2', '1.0'))
    expect(kept.text).toMatch(/\r\nConnection: keep-alive\r\n\r\n\/1HTTP\/1\.1 200 OK\r\n.*\r\nConnection: close\r\n\r\n\/2$/s)
  })

  it('frames a body without a length in chunks, and for HTTP/1.0 by its own end (RFC 9112, section 6.3)', async () => {
    const server = await use(
      serve((stream) => {
        stream.respond(200, '', ['Date', 'then'], -1, false)
        stream.write(Buffer.from('hello'))
        setImmediate(() => {
          stream.write(Buffer.alloc(10_000, 'x'))
          stream.end(['X-Sum', '42'])
        })
      }),
    )
    const chunked = await sendRaw(server.port, get('/', '1.1', 'Connection: close\r\n'))
    expect(chunked.text).toBe(
      `HTTP/1.1 200 OK\r\nDate: then\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n2710\r\n${'x'.repeat(10_000)}\r\n0\r\nX-Sum: 42\r\n\r\n`,
    )
    const plain = await sendRaw(server.port, get('/', '1.0', 'Connection: keep-alive\r\n'))
    expect(plain.text).toBe(`HTTP/1.1 200 OK\r\nDate: then\r\nConnection: close\r\n\r\nhello${'x'.repeat(10_000)}`)
  })

  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('sends no body to %s with %i (RFC 9112, section 6.3)', async (method, status) => {
    const server = await use(
      serve((stream) => {
        stream.respond(status, '', ['Content-Length', '5'], 5, false)
        stream.write(Buffer.from('hello'))
        stream.end(null)
      }),
    )
    const { text } = await sendRaw(server.port, `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    expect(text).toMatch(/\r\nConnection: close\r\n\r\n$/)
  })

  it('adds a Date where there is none (RFC 9110, section 6.6.1)', async () => {
    const server = await use(
      serve((stream) => {
        stream.respond(200, '', [], 0, true)
        stream.end(null)
      }),
    )
    expect((await sendRaw(server.port, get('/'))).text).toMatch(/\r\nDate: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9: ]+ GMT\r\n/)
  })

  it.each([
    ['fewer bytes than announced', (stream: ClientStream) => stream.end(null)],
    ['more bytes than announced', (stream: ClientStream) => stream.write(Buffer.from('more'))],
    ['a cut', (stream: ClientStream) => stream.cut()],
  ])('is reset by %s, so that it never looks like a whole response', async (_, spoil) => {
    const server = await use(
      serve((stream) => {
        stream.respond(200, '', ['Content-Length', '5'], 5, false)
        stream.write(Buffer.from('he'))
      }),
    )
    const answer = await sendRaw(server.port, get('/') + get('/second'), (text) => {
      if (text.endsWith('he')) spoil(server.streams[0] as ClientStream)
      return false
    })
    expect(answer.wasReset).toBe(true)
    expect(server.streams).toHaveLength(1)
  })

  it('serves the next request only when the response before it is complete', async () => {
    const server = await use(serve(() => {}))
    const client = await openRaw(server.port)
    client.resume()
    client.write(get('/1') + get('/2') + get('/3'))
    for (const count of [1, 2, 3]) {
      await eventually(`request ${count} is there`, () => server.streams.length === count)
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(server.streams).toHaveLength(count)
      echo(server.streams[count - 1] as ClientStream)
    }
    client.destroy()
  })

  it('takes thousands of pipelined requests that are answered at once', async () => {
    const server = await use(serve(echo))
    const { text } = await sendRaw(server.port, get('/').repeat(20_000), (sofar) => sofar.length >= 20_000 * 51)
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(20_000)
    expect(server.streams).toHaveLength(20_000)
  })

  it('reads no more requests while the client does not take the responses', { timeout: 60_000 }, async () => {
    const server = await use(serve(echo))
    const client = await openRaw(server.port)
    client.pause()
    const requests = get(`/${'x'.repeat(200)}`).repeat(400)
    let written = 0
    while (written < 200 && client.writableLength < 8 * 1024 * 1024) {
      client.write(requests)
      written++
      await new Promise((resolve) => setImmediate(resolve))
    }
    await eventually('it comes to a halt', () => (server.accepted[0]?.socket.writableLength ?? 0) > 0)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(server.accepted[0]?.socket.writableLength).toBeLessThan(256 * 1024)
    expect(server.streams.length).toBeLessThan(400 * written)
    client.resume()
    await eventually('all are answered in the end', () => server.streams.length === 400 * written, 50_000)
    client.destroy()
  })

  it('reads no body before it is wanted, and no more while it is paused', async () => {
    const server = await use(serve(() => {}))
    const client = await openRaw(server.port)
    client.on('error', () => {})
    client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${64 * 1024 * 1024}\r\n\r\n`)
    client.write(Buffer.alloc(64 * 1024 * 1024 - 1))
    await eventually('the head is there', () => server.streams.length === 1)
    await eventually('the connection is held up', () => client.writableLength > 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(server.heard).toEqual([])
    const stream = server.streams[0] as ClientStream
    const pausing = (chunk: Buffer) => {
      server.heard.push(String(chunk.length))
      stream.pauseBody()
    }
    stream.listener = { ...stream.listener, onBody: pausing }
    stream.resumeBody()
    await eventually('a piece of it is there', () => server.heard.length > 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(server.heard).toHaveLength(1)
    client.destroy()
  })

  it('gives the trailers of a request along (RFC 9112, section 7.1.2)', async () => {
    const server = await use(serve((stream) => stream.resumeBody()))
    const client = await openRaw(server.port)
    client.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n')
    await eventually('all has come', () => server.heard.length === 2)
    expect(server.heard).toEqual(['abc', 'end X-Sum 42'])
    client.destroy()
  })

  it('asks for a body that waits for a 100 only when it is told to, and closes where it was not (RFC 9110, section 10.1.1)', async () => {
    const server = await use(serve((stream) => (stream.head.target === '/asks' ? stream.inform(100, []) : echo(stream))))
    const post = (path: string) => `POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`
    const asked = await sendRaw(server.port, post('/asks'), (text) => text !== '')
    expect(asked.text).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    expect((await sendRaw(server.port, post('/does-not'))).text).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\nConnection: close\r\n/s)
  })

  it('tells a client of HTTP/1.0 nothing informational (RFC 9110, section 15.2)', async () => {
    const server = await use(
      serve((stream) => {
        stream.inform(103, ['Link', '</a>'])
        echo(stream)
      }),
    )
    expect((await sendRaw(server.port, get('/', '1.0'))).text).toMatch(/^HTTP\/1\.1 200 /)
    expect((await sendRaw(server.port, get('/', '1.1', 'Connection: close\r\n'))).text).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1\.1 200 /,
    )
  })

  it.each([
    ['closes', (client: { destroy(): void }) => client.destroy()],
    ['resets', (client: { resetAndDestroy(): void }) => client.resetAndDestroy()],
    ['ends its side, as a client that is gone does (RFC 9112, section 9.6)', (client: { end(): void }) => client.end()],
  ])('hears of a client that %s while it waits for its response', async (_, leave) => {
    const server = await use(serve(() => {}))
    const client = await openRaw(server.port)
    client.on('error', () => {})
    client.write(get('/1') + get('/2'))
    await eventually('the request is there', () => server.streams.length === 1)
    leave(client)
    await eventually('it is heard of', () => server.heard.length === 1 && server.connections.size === 0)
    expect(server.heard).toEqual(['gone'])
    expect(server.streams).toHaveLength(1)
  })

  it('lets one empty line before a request pass, in any pieces (RFC 9112, section 2.2)', async () => {
    const server = await use(serve(echo))
    const client = await openRaw(server.port)
    client.setNoDelay(true)
    let text = ''
    client.on('data', (chunk) => {
      text += chunk.toString()
    })
    for (const byte of `\r\n${get('/1')}`) {
      client.write(byte)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await eventually('it is answered', () => text.endsWith('/1'))
    client.destroy()
  })

  it('refuses a line that ends in a bare LF before the rest of the head has come (RFC 9112, section 2.2)', async () => {
    const server = await use(serve(echo))
    expect((await sendRaw(server.port, 'GET / HTTP/1.1\nHost: a\n\n')).text).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('refuses a head of more than 64 KiB before it has ended', async () => {
    const server = await use(serve(echo))
    expect((await sendRaw(server.port, `GET / HTTP/1.1\r\nX: ${'x'.repeat(70_000)}`)).text).toMatch(/^HTTP\/1\.1 431 /)
  })

  it('lets the client see an answer to a body that it is still sending, and gives up on one that never ends', async () => {
    const server = await use(serve(echo))
    const client = await openRaw(server.port)
    client.on('error', () => {})
    let text = ''
    client.on('data', (chunk) => {
      text += chunk.toString()
    })
    client.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    await eventually('the answer is there', () => text.endsWith('/'))
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(0x100000), Buffer.from('\r\n')])
    for (let i = 0; i < 32; i++) client.write(chunk)
    await eventually('the connection is closed', () => server.connections.size === 0)
    client.destroy()
  })
})

describe('The timeouts of a connection', () => {
  const later = (server: Server, ms: number) => server.accepted[0]?.sweep(server.connections.now + ms)

  it('answers 408 to a head that is not complete in time, and not before', async () => {
    const server = await use(serve(echo))
    let text = ''
    const client = await openRaw(server.port)
    client.on('data', (chunk) => {
      text += chunk.toString()
    })
    client.write('GET / HTTP/1.1\r\n')
    await eventually('it is accepted', () => server.accepted.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
    later(server, 15_000)
    expect(text).toBe('')
    const closed = once(client, 'close')
    later(server, 21_000)
    await closed
    expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
  })

  it('closes a connection that waits for too long for a request, cleanly, and none that serves one', async () => {
    const server = await use(serve((stream) => (stream.head.target === '/slow' ? undefined : echo(stream))))
    const idle = await openRaw(server.port)
    const closed = once(idle, 'close')
    idle.resume()
    idle.write(get('/1'))
    await eventually('it was served', () => server.streams.length === 1)
    const busy = await openRaw(server.port)
    busy.write(get('/slow'))
    await eventually('it is being served', () => server.streams.length === 2)
    for (const connection of server.accepted) connection.sweep(server.connections.now + 66_000)
    expect((await closed)[0]).toBe(false)
    await eventually('the other one is left', () => server.connections.size === 1)
    busy.destroy()
  })

  it('closes idle connections when the gateway drains, and the others behind their response', async () => {
    const server = await use(serve(() => {}))
    const idle = await openRaw(server.port)
    const idleClosed = once(idle, 'close')
    idle.resume()
    let text = ''
    const busy = await openRaw(server.port)
    busy.on('data', (chunk) => {
      text += chunk.toString()
    })
    busy.write(get('/1'))
    await eventually('one is served', () => server.streams.length === 1 && server.accepted.length === 2)
    server.draining = true
    const drained = server.connections.drain(20_000)
    await idleClosed
    echo(server.streams[0] as ClientStream)
    await drained
    await eventually('the response was complete', () => text.endsWith('/1'))
    expect(text).toMatch(/\r\nConnection: close\r\n/)
  })
})
