import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { UpstreamRequest } from '../http/upstream-stream.ts'
import { RefusedEndpoints } from '../refused-endpoints.ts'
import { cleanup } from '../testing/cleanup.ts'
import { eventually } from '../testing/raw-client.ts'
import { RecordingListener, upstreamRequest } from '../testing/recording-listener.ts'
import { deadPort, startHttpUpstream, startRawUpstream } from '../testing/upstream.ts'
import { Http1Transport } from './http1-transport.ts'
import { sweeper } from './sweeper.ts'

const use = cleanup()

const transportTo = async (port: number, limit = 100) => {
  const transport = new Http1Transport(new RefusedEndpoints(), { address: '127.0.0.1', port }, limit)
  await use(Promise.resolve({ [Symbol.asyncDispose]: async () => transport.destroy() }))
  return transport
}

/** Answers every read with the next of these; `null` closes, an Error resets. */
const scripted = (...answers: (string | null | Error)[]) => {
  let received = ''
  return use(
    startRawUpstream((socket) => {
      let next = 0
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1')
        const answer = answers[next++]
        if (typeof answer === 'string') socket.write(answer, 'latin1')
        else if (answer === null) socket.end()
        else if (answer !== undefined) socket.resetAndDestroy()
      })
    }),
  ).then((upstream) => Object.assign(upstream, { received: () => received }))
}

const send = (transport: Http1Transport, more: Partial<UpstreamRequest> = {}) => {
  const listener = new RecordingListener()
  const stream = transport.request(upstreamRequest(more), listener)
  expect(listener.events).toEqual([])
  return Object.assign(listener, { stream })
}

const exchange = (transport: Http1Transport, more: Partial<UpstreamRequest> = {}) => send(transport, more).over()

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

describe('Http1Transport: requests', () => {
  it('sends head and headers as they are, in one piece, and uses the connection again', async () => {
    const upstream = await scripted(ok, ok)
    const transport = await transportTo(upstream.port)
    const headers = ['host', 'Example:80', 'X-B', 'caf\u00e9', 'x-a', '', 'X-B', '2']
    const answer = await exchange(transport, { path: '/a%20b?c=%zz', headers })
    expect(answer.events).toEqual(['response 200', 'data', 'end'])
    expect(answer.response).toMatchObject({ status: 200, reason: 'OK', headers: ['Content-Length', '2'], contentLength: 2 })
    expect(answer.body).toBe('ok')
    expect(upstream.received()).toBe('GET /a%20b?c=%zz HTTP/1.1\r\nhost: Example:80\r\nX-B: caf\u00e9\r\nx-a: \r\nX-B: 2\r\n\r\n')
    await exchange(transport)
    expect(upstream.accepted()).toBe(1)
    expect([transport.connections, transport.busy]).toEqual([1, 0])
  })

  it('sends a small body in one piece with the head (RFC 9112, section 6.2)', async () => {
    const upstream = await scripted(ok)
    const transport = await transportTo(upstream.port)
    const listener = new RecordingListener()
    listener.onReadyForBody = () => void stream.sendBody(Buffer.from('body'))
    const stream = transport.request(upstreamRequest({ method: 'POST', hasBody: true, contentLength: 4 }), listener)
    await listener.over()
    expect(upstream.received()).toBe('POST / HTTP/1.1\r\nhost: example\r\nContent-Length: 4\r\n\r\nbody')
  })

  it('sends a body of unknown length in chunks, with its trailers (RFC 9112, section 7.1)', async () => {
    const upstream = await scripted(undefined as unknown as null, ok)
    const transport = await transportTo(upstream.port)
    const listener = send(transport, { method: 'POST', hasBody: true, contentLength: -1 })
    await eventually('it takes the body', () => listener.events.includes('ready'))
    listener.stream.sendBody(Buffer.from('ab'))
    listener.stream.sendBody(Buffer.alloc(0))
    listener.stream.sendBody(Buffer.alloc(20_000, 'x'))
    listener.stream.endBody(['X-Sum', '7'])
    await eventually('it arrives', () => upstream.received().endsWith('\r\n\r\n') && upstream.received().length > 20_000)
    expect(upstream.received()).toBe(
      `POST / HTTP/1.1\r\nhost: example\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n4e20\r\n${'x'.repeat(20_000)}\r\n0\r\nX-Sum: 7\r\n\r\n`,
    )
  })

  it('says that a POST has no body, and asks for trailers or for the end of the connection in Connection', async () => {
    const upstream = await scripted(ok, ok, ok)
    const transport = await transportTo(upstream.port)
    await exchange(transport, { method: 'POST' })
    expect(upstream.received()).toBe('POST / HTTP/1.1\r\nhost: example\r\nContent-Length: 0\r\n\r\n')
    await exchange(transport, { wantsTrailers: true, exclusive: true })
    expect(upstream.received()).toMatch(/\r\n\r\nGET \/ HTTP\/1.1\r\nhost: example\r\nConnection: close, TE\r\nTE: trailers\r\n\r\n$/)
    await exchange(transport)
    expect(upstream.accepted()).toBe(2)
  })

  it('never sends more or less of a body than was said (RFC 9112, section 6.2)', async () => {
    for (const misuse of ['longer', 'shorter']) {
      const upstream = await scripted()
      const transport = await transportTo(upstream.port)
      const listener = send(transport, { method: 'POST', hasBody: true, contentLength: 4 })
      await eventually('it takes the body', () => listener.events.includes('ready'))
      listener.stream.sendBody(Buffer.from('abc'))
      if (misuse === 'longer') listener.stream.sendBody(Buffer.from('GET'))
      else listener.stream.endBody(null)
      expect((await listener.over()).error).toMatchObject({ code: 'bad_request' })
      await eventually('its connection is gone', () => upstream.sockets.size === 0)
      expect(upstream.received()).not.toContain('GET')
    }
  })
})

describe('Http1Transport: responses', () => {
  it.each([
    ['its length (RFC 9112, section 6.3, 6)', ok, 'ok'],
    ['the last chunk (section 6.3, 4)', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1;x=y\r\no\r\n1\r\nk\r\n0\r\n\r\n', 'ok'],
    ['nothing: 204 (section 6.3, 1)', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
    ['nothing: 304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', ''],
    ['a length of 0', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', ''],
    ['a head without a reason (section 4)', 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok', 'ok'],
  ])('ends a body by %s', async (_, bytes, body) => {
    for (const inPieces of [false, true]) {
      const upstream = await use(
        startRawUpstream((socket) => {
          socket.setNoDelay(true)
          socket.on('data', async () => {
            if (!inPieces) return void socket.write(bytes)
            for (const byte of bytes) {
              socket.write(byte)
              await new Promise((resolve) => setImmediate(resolve))
            }
          })
        }),
      )
      const transport = await transportTo(upstream.port)
      expect((await exchange(transport)).body).toBe(body)
      expect((await exchange(transport)).body).toBe(body)
      expect(upstream.accepted()).toBe(1)
    }
  })

  it('gives trailers, without what is for the connection (RFC 9110, section 6.5)', async () => {
    const upstream = await scripted(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nGrpc-Status: 0\r\nKeep-Alive: 7\r\nConnection: x\r\n\r\n',
    )
    const answer = await exchange(await transportTo(upstream.port))
    expect(answer.trailers).toEqual(['Grpc-Status', '0'])
    expect(answer.response?.contentLength).toBe(-1)
  })

  it('leaves out what is for the connection alone (RFC 9110, section 7.6.1)', async () => {
    const upstream = await scripted(
      'HTTP/1.1 200 OK\r\nSet-Cookie: b\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nProxy-Authenticate: x\r\nTrailer: x\r\nUpgrade: h2c\r\nset-cookie: a\r\nContent-Length: 0\r\n\r\n',
    )
    expect((await exchange(await transportTo(upstream.port))).response?.headers).toEqual([
      'Set-Cookie',
      'b',
      'set-cookie',
      'a',
      'Content-Length',
      '0',
    ])
  })

  it('tells informational responses apart (RFC 9110, section 15.2)', async () => {
    const upstream = await scripted(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}`)
    const answer = await exchange(await transportTo(upstream.port))
    expect(answer.events).toEqual(['inform 100', 'inform 103', 'response 200', 'data', 'end'])
    expect(answer.informs[1]?.headers).toEqual(['Link', '</a>'])
  })

  it('ends a body without a length when the connection is closed, and fails it when it is reset (RFC 9112, section 9.6)', async () => {
    let socket: Socket | undefined
    const upstream = await use(
      startRawUpstream((accepted) => {
        accepted.once('data', () => {
          accepted.write('HTTP/1.0 200 OK\r\n\r\npart')
          socket = accepted
        })
      }),
    )
    const transport = await transportTo(upstream.port)
    const whole = send(transport)
    await eventually('the body begins', () => whole.body === 'part')
    socket?.end('s')
    expect((await whole.over()).events).toEqual(['response 200', 'data', 'end'])
    expect(whole.body).toBe('parts')
    const cut = send(transport)
    await eventually('the body begins', () => cut.body === 'part')
    socket?.resetAndDestroy()
    expect((await cut.over()).events).toEqual(['response 200', 'data', 'error'])
    expect(cut.error).toMatchObject({ code: 'ECONNRESET' })
  })

  it.each([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
    ['chunks, in a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf'],
    ['chunks, before their last CRLF', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n'],
  ])('fails a body with %s that is cut short, by a close or a reset (RFC 9112, section 8)', async (_, bytes) => {
    for (const reset of [false, true]) {
      let socket: Socket | undefined
      const upstream = await use(
        startRawUpstream((accepted) => {
          accepted.once('data', () => {
            accepted.write(bytes)
            socket = accepted
          })
        }),
      )
      const answer = send(await transportTo(upstream.port))
      await eventually('the body begins', () => answer.body === 'half')
      reset ? socket?.resetAndDestroy() : socket?.end()
      expect((await answer.over()).error).toMatchObject({ code: reset ? 'ECONNRESET' : 'closed' })
      expect(answer.stream.diedUnused).toBe(false)
    }
  })

  it.each([
    ['is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['is HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
    ['has an unknown version', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['has no status', 'HTTP/1.1 OK\r\n\r\n'],
    ['has a status beyond 599 (RFC 9110, section 15)', 'HTTP/1.1 600 What\r\n\r\n'],
    ['ends its lines with bare LF', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
    ['begins with an empty line', `\r\n${ok}`],
    ['has a folded header (RFC 9112, section 5.2)', 'HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\nContent-Length: 0\r\n\r\n'],
    ['has a space before a colon (section 5.1)', 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n'],
    ['has both lengths (section 6.3, 3)', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ['has two lengths (section 6.3, 5)', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
    ['has a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok'],
    ['has a length with a sign', 'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok'],
    ['has a length that is too large', 'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999\r\n\r\nok'],
    ['has a coding that we do not know (section 6.1)', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ['has chunks in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['has a coding in HTTP/1.0 (section 6.1)', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['switches protocols without being asked', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n'],
    ['has endless headers', `HTTP/1.1 200 OK\r\n${'X: 1\r\n'.repeat(20_000)}`],
    ['informs without end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1_000)],
  ])('refuses a response that %s', async (_, bytes) => {
    const upstream = await scripted(bytes)
    const transport = await transportTo(upstream.port)
    const answer = await exchange(transport)
    expect(answer.error).toMatchObject({ code: 'bad_response' })
    expect(answer.stream).toMatchObject({ isSent: true, diedUnused: false })
    await eventually('its connection is gone', () => upstream.sockets.size === 0 && transport.connections === 0)
  })
})

describe('Http1Transport: connections', () => {
  it.each([
    ['closes', 'HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok'],
    ['closes, among other things', 'HTTP/1.1 200 OK\r\nConnection: x,close\r\nContent-Length: 2\r\n\r\nok'],
    ['speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok'],
    ['says more than it was asked', `${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`],
    ['gives 204 a body', 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n'],
  ])('does not use a connection again that an endpoint %s on (RFC 9112, section 9.3)', async (_, bytes) => {
    const upstream = await scripted(bytes, bytes)
    const transport = await transportTo(upstream.port)
    for (let i = 1; i <= 3; i++) {
      const answer = await exchange(transport)
      expect(answer.events.at(-1)).toBe('end')
      expect(answer.body).not.toContain('evil')
      expect(upstream.accepted()).toBe(i)
    }
    await eventually('no connection is left', () => upstream.sockets.size === 0)
  })

  it('does not take the body of a response to HEAD for the next response (RFC 9112, section 6.3, 1)', async () => {
    const upstream = await scripted(ok, ok)
    const transport = await transportTo(upstream.port)
    expect(await exchange(transport, { method: 'HEAD' })).toMatchObject({
      body: '',
      response: { contentLength: 0, headers: ['Content-Length', '2'] },
    })
    await exchange(transport)
    expect(upstream.accepted()).toBe(2)
  })

  it('closes an idle connection on which an endpoint speaks or that it closes', async () => {
    for (const how of ['speaks', 'closes', 'resets']) {
      let socket: Socket | undefined
      const upstream = await use(
        startRawUpstream((accepted) => {
          socket = accepted
          accepted.on('data', () => accepted.write(ok))
        }),
      )
      const transport = await transportTo(upstream.port)
      await exchange(transport)
      expect(transport.connections).toBe(1)
      if (how === 'speaks') socket?.write(ok)
      else if (how === 'closes') socket?.end()
      else socket?.resetAndDestroy()
      await eventually('it is closed', () => transport.connections === 0 && upstream.sockets.size === 0)
      expect((await exchange(transport)).body).toBe('ok')
    }
  })

  it('tells when a reused connection died under a request, and trusts those no more that were idle for longer', async () => {
    const upstream = await scripted(ok, null)
    const transport = await transportTo(upstream.port)
    await Promise.all([exchange(transport), exchange(transport), exchange(transport)])
    expect([transport.connections, transport.busy]).toEqual([3, 0])
    const died = await exchange(transport)
    expect(died.error).toMatchObject({ code: 'closed' })
    expect(died.stream).toMatchObject({ isSent: true, diedUnused: true })
    expect(transport.connections).toBe(0)
    expect((await exchange(transport)).body).toBe('ok')
    const fresh = await scripted(null)
    const first = await exchange(await transportTo(fresh.port))
    expect(first.stream).toMatchObject({ isSent: true, diedUnused: false })
  })

  it('opens no more connections than it may, and serves those that wait in their order', async () => {
    const served: string[] = []
    const answers: (() => void)[] = []
    const upstream = await use(
      startHttpUpstream((req, res) => {
        served.push(req.url ?? '')
        answers.push(() => res.end('ok'))
      }),
    )
    const transport = await transportTo(upstream.port, 2)
    const listeners = ['/1', '/2', '/3', '/4', '/5', '/6'].map((path) => send(transport, { path }))
    listeners[3]?.stream.abort()
    for (const expected of [2, 3, 4, 5]) {
      await eventually(`${expected} have come`, () => served.length === expected)
      expect(upstream.sockets.size).toBe(2)
      answers.shift()?.()
    }
    answers.shift()?.()
    await Promise.all([listeners[4]?.over(), listeners[5]?.over()])
    expect(served.slice(0, 2).sort()).toEqual(['/1', '/2'])
    expect(served.slice(2)).toEqual(['/3', '/5', '/6'])
    expect(listeners[3]?.events).toEqual([])
  })

  it('answers a request early, and does not use the connection again (RFC 9112, section 9.3)', async () => {
    const upstream = await scripted('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n')
    const transport = await transportTo(upstream.port)
    const listener = send(transport, { method: 'POST', hasBody: true, contentLength: 1_000 })
    await eventually('it takes the body', () => listener.events.includes('ready'))
    listener.stream.sendBody(Buffer.from('part'))
    expect((await listener.over()).response?.status).toBe(413)
    await eventually('its connection is gone', () => upstream.sockets.size === 0 && transport.connections === 0)
  })

  it('gets to read an early answer although the endpoint closes in the middle of a large body (RFC 9112, section 9.6)', async () => {
    const upstream = await use(
      startRawUpstream((socket) => {
        socket.once('data', () => {
          socket.pause()
          socket.end('HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\nlarge')
          setImmediate(() => socket.destroy())
        })
      }),
    )
    const transport = await transportTo(upstream.port)
    for (let i = 0; i < 20; i++) {
      const listener = send(transport, { method: 'POST', hasBody: true, contentLength: 100_000_000 })
      await eventually('it takes the body', () => listener.events.includes('ready'))
      while (!listener.isOver) {
        listener.stream.sendBody(Buffer.alloc(64 * 1024))
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect(listener).toMatchObject({ body: 'large', response: { status: 413 } })
    }
    await eventually('no connection is left', () => upstream.sockets.size === 0 && transport.connections === 0)
  })

  it('keeps an idle connection for less than the endpoint does (RFC 9112, section 9.5)', async () => {
    const keeping = (seconds: string) => `HTTP/1.1 200 OK\r\nKeep-Alive: ${seconds}\r\nContent-Length: 2\r\n\r\nok`
    for (const [answer, kept, gone] of [
      [ok, 3, 5],
      [keeping('timeout=2'), 0, 2],
      [keeping('timeout=20, max=100'), 18, 20],
      [keeping('max=9, timeout=600'), 29, 31],
    ] as const) {
      const upstream = await scripted(answer)
      const transport = await transportTo(upstream.port)
      // When it became idle, and not a tick later.
      let tick = 0
      const listener = send(transport)
      const onEnd = listener.onEnd.bind(listener)
      listener.onEnd = (trailers) => {
        tick = sweeper.tick
        onEnd(trailers)
      }
      await listener.over()
      transport.sweep(tick + kept)
      expect(transport.connections).toBe(1)
      transport.sweep(tick + gone)
      expect(transport.connections).toBe(0)
      await eventually('it is closed', () => upstream.sockets.size === 0)
    }
  })

  it('hands the socket over after 101, with what came early (RFC 9110, section 7.8)', async () => {
    const upstream = await scripted('HTTP/1.1 101 Sure\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nX-Kept: 1\r\n\r\nearly', 'echo')
    const transport = await transportTo(upstream.port)
    const answer = await exchange(transport, { upgrade: true })
    expect(upstream.received()).toBe('GET / HTTP/1.1\r\nhost: example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    expect(answer.response).toMatchObject({ status: 101, reason: 'Sure', headers: ['X-Kept', '1'] })
    expect(answer.upgraded?.early).toBe('early')
    expect(transport.connections).toBe(0)
    const socket = answer.upgraded?.socket as Socket
    socket.resume()
    socket.write('ping')
    expect(String((await once(socket, 'data'))[0])).toBe('echo')
    socket.destroy()
    await eventually('it is gone', () => upstream.sockets.size === 0)
  })

  it('answers an upgrade that was refused, and does not use its connection again', async () => {
    const upstream = await scripted('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno')
    const transport = await transportTo(upstream.port, 1)
    const answer = await exchange(transport, { upgrade: true })
    expect(answer).toMatchObject({ body: 'no', response: { status: 426 } })
    await eventually('its connection is gone', () => upstream.sockets.size === 0 && transport.connections === 0)
    const other = await scripted('HTTP/1.1 101 Sure\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n')
    expect((await exchange(await transportTo(other.port), { upgrade: true })).error).toMatchObject({ code: 'bad_response' })
  })

  it('gives an upgrade a connection of its own, for which an idle one goes', async () => {
    const upstream = await scripted(ok)
    const transport = await transportTo(upstream.port, 1)
    await exchange(transport)
    expect((await exchange(transport, { upgrade: true })).body).toBe('ok')
    expect(upstream.accepted()).toBe(2)
  })

  it('reads no further while it is paused', async () => {
    const size = 64 * 1024 * 1024
    const upstream = await use(
      startHttpUpstream((_, res) => {
        res.writeHead(200, { 'content-length': size })
        for (let sent = 0; sent < size; sent += 1024 * 1024) res.write(Buffer.alloc(1024 * 1024))
        res.end()
      }),
    )
    const listener = send(await transportTo(upstream.port))
    await eventually('it begins', () => listener.bytes > 0)
    listener.stream.pause()
    await new Promise((resolve) => setTimeout(resolve, 100))
    const { bytes } = listener
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(listener.bytes).toBe(bytes)
    expect(bytes).toBeLessThan(size / 4)
    listener.stream.resume()
    await listener.over()
    expect(listener.bytes).toBe(size)
  })

  it('takes no more of a body than the endpoint reads', async () => {
    let socket: Socket | undefined
    const upstream = await use(
      startRawUpstream((accepted) => {
        accepted.pause()
        socket = accepted
      }),
    )
    const listener = send(await transportTo(upstream.port), { method: 'PUT', hasBody: true, contentLength: -1 })
    await eventually('it takes the body', () => listener.events.includes('ready') && socket !== undefined)
    let sent = 0
    while (listener.stream.sendBody(Buffer.alloc(64 * 1024))) {
      sent += 64 * 1024
      await new Promise((resolve) => setImmediate(resolve))
      if (sent > 64 * 1024 * 1024) throw new Error('it takes everything')
    }
    const { length } = listener.events
    socket?.resume()
    await eventually('it takes more', () => listener.events.length > length)
  })
})

describe('Http1Transport: endings', () => {
  it('tells why it could not connect, and that nothing was sent', async () => {
    const refusedConnection = await exchange(await transportTo(deadPort))
    expect(refusedConnection.error).toMatchObject({ code: 'ECONNREFUSED' })
    expect(refusedConnection.stream).toMatchObject({ isSent: false, diedUnused: false })
    const refused = new RefusedEndpoints()
    refused.set('control', ['127.0.0.1:7077'])
    for (const address of ['127.0.0.1', 'localhost', '0.0.0.0']) {
      const transport = new Http1Transport(refused, { address, port: 7077 }, 10)
      const listener = await exchange(transport)
      expect(listener.error).toMatchObject({ code: 'endpoint_refused' })
      expect(listener.stream.isSent).toBe(false)
      expect(transport.connections).toBe(0)
    }
  })

  it('gives up dialling after a while, and never a request that takes long', async () => {
    const silent = await use(startRawUpstream(() => {}))
    const transport = await transportTo(silent.port)
    const dialling = send(transport)
    transport.sweep(sweeper.tick + 7)
    expect(dialling.error).toMatchObject({ code: 'timeout' })
    expect(dialling.stream.isSent).toBe(false)
    const long = send(transport)
    await eventually('it went out', () => long.stream.isSent)
    transport.sweep(sweeper.tick + 10_000)
    expect([long.isOver, transport.connections]).toEqual([false, 1])
  })

  it('leaves no socket of 1,000 requests that were aborted', async () => {
    const upstream = await use(
      startHttpUpstream((req, res) => {
        if (req.url === '/half') res.write('half')
      }),
    )
    const transport = await transportTo(upstream.port, 50)
    for (let round = 0; round < 10; round++) {
      const listeners = Array.from({ length: 100 }, (_, i) => send(transport, { path: i % 2 === 0 ? '/half' : '/silent' }))
      if (round % 3 === 1) await eventually('one has begun', () => listeners.some((listener) => listener.body === 'half'))
      if (round % 3 === 2) await eventually('some are connected', () => upstream.sockets.size > 10)
      for (const { stream } of listeners) stream.abort()
      expect([transport.connections, transport.busy]).toEqual([0, 0])
      const events = listeners.map((listener) => listener.events.length)
      await eventually('the endpoint has no socket left', () => upstream.sockets.size === 0)
      expect(listeners.map((listener) => listener.events.length)).toEqual(events)
    }
  })

  it('drains: closes what is idle, lets what is under way end, and takes nothing new', async () => {
    let finish: (() => void) | undefined
    const upstream = await use(
      startHttpUpstream((req, res) => {
        if (req.url === '/fast') res.end('ok')
        else finish = () => res.end('slow')
      }),
    )
    const transport = await transportTo(upstream.port, 1)
    await exchange(transport, { path: '/fast' })
    const slow = send(transport, { path: '/slow' })
    const waiting = send(transport, { path: '/fast' })
    await eventually('it has come', () => finish !== undefined)
    let isDrained = false
    const drained = transport.drain(60_000).then(() => {
      isDrained = true
    })
    expect((await exchange(transport)).error).toMatchObject({ code: 'draining' })
    expect(isDrained).toBe(false)
    finish?.()
    await Promise.all([slow.over(), waiting.over(), drained])
    expect([slow.body, waiting.body]).toEqual(['slow', 'ok'])
    await eventually('no socket is left', () => upstream.sockets.size === 0)
    await transport.drain(60_000)
  })

  it('drains no longer than it may', async () => {
    const upstream = await use(startHttpUpstream(() => {}))
    const transport = await transportTo(upstream.port, 1)
    const endless = send(transport)
    const waiting = send(transport)
    await eventually('it has come', () => upstream.sockets.size === 1)
    await transport.drain(50)
    for (const listener of [endless, waiting]) expect((await listener.over()).error).toMatchObject({ code: 'draining' })
    await eventually('no socket is left', () => upstream.sockets.size === 0)
  })
})
