import { once } from 'node:events'
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { UpstreamRequest } from '../http/upstream-stream.ts'
import { RefusedEndpoints } from '../refused-endpoints.ts'
import { cleanup } from '../testing/cleanup.ts'
import { data, frame, frameType, goaway, greeting, ok, reset } from '../testing/http2-frames.ts'
import { eventually } from '../testing/raw-client.ts'
import { RecordingListener, upstreamRequest } from '../testing/recording-listener.ts'
import { deadPort, startHttpUpstream, startRawUpstream } from '../testing/upstream.ts'
import { H2cTransport } from './h2c-transport.ts'
import { sweeper } from './sweeper.ts'

const use = cleanup()

const transportTo = async (port: number, limit = 4) => {
  const transport = new H2cTransport(new RefusedEndpoints(), { address: '127.0.0.1', port }, limit)
  await use(Promise.resolve({ [Symbol.asyncDispose]: async () => transport.destroy() }))
  return transport
}

/** A real server of HTTP/2 without TLS. */
const serve = async (onStream: (stream: ServerHttp2Stream, raw: string[]) => void, settings = {}) => {
  const server: Http2Server = createServer({ settings, maxSessionMemory: 100 })
  const sockets = new Set<Socket>()
  let accepted = 0
  server.on('connection', (socket: Socket) => {
    accepted++
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('sessionError', () => {})
  server.on('stream', (stream: ServerHttp2Stream, _: object, __: number, raw: string[]) => {
    stream.on('error', () => {})
    onStream(stream, raw)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return use(
    Promise.resolve({
      port: (server.address() as AddressInfo).port,
      sockets,
      accepted: () => accepted,
      [Symbol.asyncDispose]: async () => {
        const closed = new Promise((resolve) => server.close(resolve))
        for (const socket of sockets) socket.destroy()
        await closed
      },
    }),
  )
}

/** An endpoint that sends these frames once a request has come, and more when the test says. */
const serveFrames = async (...frames: Buffer[]) => {
  let socket: Socket | undefined
  const upstream = await use(
    startRawUpstream((accepted) => {
      socket = accepted
      accepted.write(greeting)
      let seen = 0
      accepted.on('data', (chunk) => {
        // HEADERS of a request: the preface and settings come before.
        if (!hasHeaders(chunk) || seen++ > 0) return
        accepted.write(Buffer.concat(frames))
      })
    }),
  )
  return Object.assign(upstream, { socket: () => socket as Socket })
}

const hasHeaders = (chunk: Buffer): boolean => {
  let at = chunk.indexOf('PRI * HTTP/2.0') === 0 ? 24 : 0
  for (; at + 9 <= chunk.length; at += 9 + chunk.readUIntBE(at, 3)) if (chunk[at + 3] === frameType.headers) return true
  return false
}

const send = (transport: H2cTransport, more: Partial<UpstreamRequest> = {}) => {
  const listener = new RecordingListener()
  const stream = transport.request(upstreamRequest(more), listener)
  expect(listener.events).toEqual([])
  return Object.assign(listener, { stream })
}

const exchange = (transport: H2cTransport, more: Partial<UpstreamRequest> = {}) => send(transport, more).over()

describe('H2cTransport', () => {
  it('sends requests with their headers as they are, many on one connection (RFC 9113, section 8.3.1)', async () => {
    let seen: string[] = []
    const upstream = await serve((stream, raw) => {
      seen = raw
      stream.respond({ ':status': 200, 'set-cookie': ['b', 'a'], 'x-b': '1' }, { sendDate: false } as never)
      stream.end('ok')
    })
    const transport = await transportTo(upstream.port)
    const headers = ['Host', 'www-1001.test', 'X-B', 'caf\u00e9', 'Content-Type', 'a/b', 'x-b', '2']
    const answers = await Promise.all([1, 2, 3].map(() => exchange(transport, { path: '/a?b', headers, wantsTrailers: true })))
    expect(seen).toEqual([
      ...[':method', 'GET', ':scheme', 'http', ':authority', 'www-1001.test', ':path', '/a?b'],
      ...['x-b', 'caf\u00e9', 'content-type', 'a/b', 'x-b', '2', 'te', 'trailers'],
    ])
    expect(answers[0]?.events).toEqual(['response 200', 'data', 'end'])
    expect(answers[0]?.response?.headers).toEqual(expect.arrayContaining(['set-cookie', 'b', 'set-cookie', 'a', 'x-b', '1']))
    expect(answers.map(({ body }) => body)).toEqual(['ok', 'ok', 'ok'])
    expect(upstream.accepted()).toBe(1)
    expect([transport.connections, transport.busy]).toEqual([1, 0])
  })

  it('passes bodies and trailers both ways (RFC 9113, section 8.1)', async () => {
    const upstream = await serve((stream) => {
      let body = ''
      let trailers: object = {}
      stream.on('data', (chunk) => {
        body += chunk
      })
      stream.on('trailers', (more) => {
        trailers = { ...more }
      })
      stream.on('end', () => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
        stream.end(JSON.stringify({ body, trailers }))
      })
    })
    const transport = await transportTo(upstream.port)
    const chunked = send(transport, { method: 'POST', hasBody: true, contentLength: -1 })
    await eventually('it takes the body', () => chunked.events.includes('ready'))
    chunked.stream.sendBody(Buffer.from('one '))
    chunked.stream.sendBody(Buffer.from('two'))
    chunked.stream.endBody(['X-Sum', '7'])
    expect(JSON.parse((await chunked.over()).body)).toEqual({ body: 'one two', trailers: { 'x-sum': '7' } })
    expect(chunked.trailers).toEqual(['grpc-status', '0'])
    const sized = send(transport, { method: 'POST', hasBody: true, contentLength: 4 })
    await eventually('it takes the body', () => sized.events.includes('ready'))
    sized.stream.sendBody(Buffer.from('body'))
    sized.stream.endBody(null)
    expect(JSON.parse((await sized.over()).body)).toEqual({ body: 'body', trailers: {} })
  })

  it('tells informational responses apart, and those without a body (RFC 9110, section 15.2)', async () => {
    const upstream = await serve((stream, raw) => {
      stream.additionalHeaders({ ':status': 103, link: '</a>' })
      const isEmpty = raw.includes('/204')
      stream.respond({ ':status': isEmpty ? 204 : 200, ...(isEmpty ? {} : { 'content-length': 2 }) })
      stream.end(isEmpty || raw.includes('HEAD') ? undefined : 'ok')
    })
    const transport = await transportTo(upstream.port)
    const answer = await exchange(transport)
    expect(answer.events).toEqual(['inform 103', 'response 200', 'data', 'end'])
    expect(answer.informs[0]?.headers).toEqual(['link', '</a>'])
    expect(answer.response?.contentLength).toBe(2)
    for (const more of [{ method: 'HEAD' }, { path: '/204' }]) {
      const empty = await exchange(transport, more)
      expect(empty.events.at(-1)).toBe('end')
      expect(empty).toMatchObject({ body: '', response: { contentLength: 0 } })
    }
  })

  it('takes no informational responses without end (RFC 9110, section 15.2)', async () => {
    const hint = frame(frameType.headers, 4, 1, Buffer.from([0x08, 3, ...Buffer.from('103')]))
    const upstream = await serveFrames(...Array.from({ length: 100 }, () => hint), ok(1, true))
    const answer = await exchange(await transportTo(upstream.port))
    expect(answer.error?.code).toBe('bad_response')
    expect(answer.informs.length).toBeLessThan(100)
  })

  it.each([
    ['END_STREAM', data(1, 'half', true), null],
    ['a reset', Buffer.concat([data(1, 'half'), reset(1, 2)]), 'closed'],
    ['a reset with CANCEL', Buffer.concat([data(1, 'half'), reset(1, 8)]), 'closed'],
    ['a reset with NO_ERROR', Buffer.concat([data(1, 'half'), reset(1, 0)]), 'closed'],
    ['the end of the connection', data(1, 'half'), 'closed'],
    ['the reset of the connection', data(1, 'half'), 'ECONNRESET'],
    ['GOAWAY before it (RFC 9113, section 6.8)', Buffer.concat([data(1, 'half'), goaway(0)]), 'closed'],
    ['garbage', Buffer.concat([data(1, 'half'), frame(0, 0, 0, 'x')]), 'bad_response'],
  ])('never takes half a response for a whole one: %s', async (how, frames, code) => {
    const upstream = await serveFrames(ok(1), frames)
    const transport = await transportTo(upstream.port)
    const answer = send(transport)
    if (how.startsWith('the ')) {
      await eventually('it begins', () => answer.body === 'half')
      how.includes('reset') ? upstream.socket().resetAndDestroy() : upstream.socket().end()
    }
    await answer.over()
    expect(answer.error?.code ?? null).toBe(code)
    expect(answer.events.at(-1)).toBe(code === null ? 'end' : 'error')
    expect(answer.stream.diedUnused).toBe(false)
  })

  it('tells that nothing was done with a request that was refused (RFC 9113, section 8.7)', async () => {
    for (const refusal of [reset(1, 7), goaway(0)]) {
      const upstream = await serveFrames(refusal)
      const answer = await exchange(await transportTo(upstream.port))
      expect(answer.events).toEqual(['error'])
      expect(answer.stream).toMatchObject({ isSent: false, diedUnused: false })
    }
    const upstream = await serveFrames(reset(1, 2))
    expect((await exchange(await transportTo(upstream.port))).stream).toMatchObject({ isSent: true, diedUnused: false })
  })

  it('tells when a session died under a request that was not its first', async () => {
    let requests = 0
    const upstream = await serve((stream) => {
      if (++requests === 2) return void stream.session?.socket.destroy()
      stream.respond({ ':status': 200 })
      stream.end('ok')
    })
    const transport = await transportTo(upstream.port)
    await exchange(transport)
    const died = await exchange(transport)
    expect(died.events).toEqual(['error'])
    expect(died.stream).toMatchObject({ isSent: true, diedUnused: true })
    expect((await exchange(transport)).body).toBe('ok')
    expect(upstream.accepted()).toBe(2)
  })

  it('lets what is under way end after GOAWAY, and opens another session for what comes (RFC 9113, section 6.8)', async () => {
    const streams: ServerHttp2Stream[] = []
    const upstream = await serve((stream) => {
      stream.respond({ ':status': 200 })
      streams.push(stream)
    })
    const transport = await transportTo(upstream.port)
    const first = send(transport)
    await eventually('it begins', () => first.response !== null)
    streams[0]?.session?.close()
    await eventually('it opens another session', () => {
      if (streams.length < 2) send(transport).stream.isSent
      return upstream.accepted() === 2
    })
    for (const stream of streams) stream.end('ok')
    expect((await first.over()).body).toBe('ok')
  })

  it('opens another session when the endpoint takes no more streams on one, and lets the rest wait (RFC 9113, section 5.1.2)', async () => {
    const streams: ServerHttp2Stream[] = []
    const upstream = await serve((stream) => streams.push(stream), { maxConcurrentStreams: 2 })
    const transport = await transportTo(upstream.port, 2)
    const warm = send(transport)
    await eventually('it is there', () => streams.length === 1)
    const listeners = Array.from({ length: 6 }, () => send(transport))
    await eventually('four are there', () => streams.length === 4)
    expect(transport.connections).toBe(2)
    for (let answered = 0; answered < 7; answered++) {
      await eventually('another one is there', () => streams.length > answered)
      streams[answered]?.respond({ ':status': 200 })
      streams[answered]?.end('ok')
    }
    for (const listener of [warm, ...listeners]) expect((await listener.over()).body).toBe('ok')
    expect(upstream.accepted()).toBe(2)
  })

  it('reads no further while it is paused, and others on the same session do (RFC 9113, section 5.2)', async () => {
    const size = 16 * 1024 * 1024
    const upstream = await serve((stream, raw) => {
      stream.respond({ ':status': 200, 'content-length': raw.includes('/big') ? size : 2 })
      stream.end(raw.includes('/big') ? Buffer.alloc(size) : 'ok')
    })
    const transport = await transportTo(upstream.port)
    const big = send(transport, { path: '/big' })
    await eventually('it begins', () => big.bytes > 0)
    big.stream.pause()
    expect((await exchange(transport)).body).toBe('ok')
    const { bytes } = big
    for (let i = 0; i < 20; i++) await exchange(transport)
    expect(big.bytes - bytes).toBeLessThan(1024 * 1024)
    big.stream.resume()
    await big.over()
    expect([big.bytes, upstream.accepted()]).toEqual([size, 1])
  })

  it('takes no more of a body than the endpoint reads', async () => {
    let read: ServerHttp2Stream | undefined
    const upstream = await serve((stream) => {
      read = stream
    })
    const transport = await transportTo(upstream.port)
    const listener = send(transport, { method: 'PUT', hasBody: true, contentLength: -1 })
    await eventually('it takes the body', () => listener.events.includes('ready') && read !== undefined)
    let sent = 0
    while (listener.stream.sendBody(Buffer.alloc(64 * 1024))) {
      sent += 64 * 1024
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (sent > 16 * 1024 * 1024) throw new Error('it takes everything')
    }
    const { length } = listener.events
    read?.resume()
    await eventually('it takes more', () => listener.events.length > length)
  })

  it('ends an upload that the endpoint has answered already (RFC 9113, section 8.1)', async () => {
    let code: number | undefined
    const upstream = await serve((stream) => {
      stream.on('close', () => {
        code = stream.rstCode
      })
      stream.respond({ ':status': 413 }, { endStream: true })
    })
    const transport = await transportTo(upstream.port)
    const listener = send(transport, { method: 'PUT', hasBody: true, contentLength: -1 })
    await listener.over()
    expect(listener.events.filter((event) => event !== 'ready')).toEqual(['response 413', 'end'])
    expect(listener.stream.sendBody(Buffer.from('more'))).toBe(true)
    await eventually('the stream is gone', () => code !== undefined && transport.busy === 0)
  })

  it('never lets half a request look like a whole one', async () => {
    let hasEnded = false
    let hasClosed = 0
    const upstream = await serve((stream) => {
      stream.on('trailers', () => {
        hasEnded = true
      })
      stream.on('data', () => {})
      stream.on('end', () => {
        if (!stream.aborted) hasEnded = true
      })
      stream.on('close', () => hasClosed++)
    })
    const transport = await transportTo(upstream.port)
    for (const [contentLength, misuse] of [
      [-1, 'abort'],
      [100, 'abort'],
      [100, 'end'],
      [6, 'more'],
    ] as const) {
      const listener = send(transport, { method: 'PUT', hasBody: true, contentLength })
      await eventually('it takes the body', () => listener.events.includes('ready'))
      listener.stream.sendBody(Buffer.from('half'))
      if (misuse === 'abort') listener.stream.abort()
      else if (misuse === 'end') listener.stream.endBody(null)
      else listener.stream.sendBody(Buffer.from('more'))
      if (misuse !== 'abort') expect((await listener.over()).error).toMatchObject({ code: 'bad_request' })
    }
    await eventually('all are gone', () => hasClosed === 4 && transport.busy === 0)
    expect(hasEnded).toBe(false)
  })

  it('tells why it could not connect, and that nothing was sent', async () => {
    const transport = await transportTo(deadPort)
    const answers = await Promise.all([exchange(transport), exchange(transport)])
    for (const answer of answers) {
      expect(answer.error).toMatchObject({ code: 'ECONNREFUSED' })
      expect(answer.stream).toMatchObject({ isSent: false, diedUnused: false })
    }
    const refused = new RefusedEndpoints()
    refused.set('control', ['127.0.0.1:7077'])
    for (const address of ['127.0.0.1', 'localhost']) {
      const listener = await exchange(new H2cTransport(refused, { address, port: 7077 }, 1))
      expect(listener.error).toMatchObject({ code: 'endpoint_refused' })
    }
    const http1 = await use(startHttpUpstream((_, res) => res.end('ok')))
    expect((await exchange(await transportTo(http1.port))).error).toMatchObject({ code: 'bad_response' })
    const webSocket = await exchange(transport, { upgrade: true })
    expect(webSocket.error).toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('WebSockets are passed on over HTTP/1.1 only'),
    })
    await eventually('no session is left', () => transport.connections === 0)
  })

  it('leaves no stream of 1,000 requests that were aborted, and their session to others', async () => {
    let open = 0
    const upstream = await serve((stream, raw) => {
      open++
      stream.on('close', () => open--)
      if (raw.includes('/silent')) return
      stream.respond({ ':status': 200 })
      raw.includes('/half') ? stream.write('half') : stream.end('ok')
    })
    const transport = await transportTo(upstream.port)
    for (let round = 0; round < 10; round++) {
      const listeners = Array.from({ length: 100 }, (_, i) => send(transport, { path: i % 2 === 0 ? '/half' : '/silent' }))
      if (round % 2 === 1) await eventually('one has begun', () => listeners.some((listener) => listener.body === 'half'))
      for (const { stream } of listeners) stream.abort()
      await eventually('no stream is left', () => transport.busy === 0 && open === 0)
      expect((await exchange(transport)).body).toBe('ok')
    }
    transport.destroy()
    await eventually('no socket is left', () => upstream.sockets.size === 0)
  })

  it('changes to another session before the endpoint takes requests that are given up for an attack (CVE-2023-44487)', async () => {
    let kept: ServerHttp2Stream | undefined
    const upstream = await serve((stream, raw) => {
      if (raw.includes('/kept')) kept = stream
    })
    const transport = await transportTo(upstream.port)
    const long = send(transport, { path: '/kept' })
    await eventually('it is there', () => kept !== undefined)
    for (let round = 0; round < 15; round++) {
      const listeners = Array.from({ length: 100 }, () => send(transport))
      await eventually('all went out', () => listeners.every(({ stream }) => stream.isSent))
      for (const { stream } of listeners) stream.abort()
    }
    kept?.respond({ ':status': 200 })
    kept?.end('kept')
    expect((await long.over()).body).toBe('kept')
    expect(upstream.accepted()).toBeGreaterThan(2)
  })

  it('gives up dialling an endpoint that does not answer', async () => {
    const silent = await use(startRawUpstream((socket) => void socket.resume()))
    const transport = await transportTo(silent.port)
    const listener = send(transport)
    await eventually('it is connected', () => silent.sockets.size === 1)
    transport.sweep(sweeper.tick + 3)
    expect(listener.isOver).toBe(false)
    transport.sweep(sweeper.tick + 7)
    expect((await listener.over()).error).toMatchObject({ code: 'timeout' })
    expect(listener.stream.isSent).toBe(false)
    await eventually('no socket is left', () => silent.sockets.size === 0 && transport.connections === 0)
  })

  it('drains: lets what is under way end, for as long as it may, and takes nothing new', async () => {
    const streams: ServerHttp2Stream[] = []
    const upstream = await serve((stream) => {
      stream.respond({ ':status': 200 })
      streams.push(stream)
    })
    const transport = await transportTo(upstream.port)
    const slow = send(transport)
    await eventually('it is there', () => streams.length === 1)
    const drained = transport.drain(60_000)
    expect((await exchange(transport)).error).toMatchObject({ code: 'draining' })
    streams[0]?.end('slow')
    expect((await slow.over()).body).toBe('slow')
    await drained
    const other = await transportTo(upstream.port)
    const endless = send(other)
    await eventually('it is there', () => streams.length === 2)
    await other.drain(50)
    expect((await endless.over()).error).toMatchObject({ code: 'draining' })
    await eventually('no socket is left', () => upstream.sockets.size === 0)
  })
})
