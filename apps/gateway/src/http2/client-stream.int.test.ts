import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants, type OutgoingHttpHeaders } from 'node:http2'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultClientLimits } from '../gateway-config.ts'
import { BodyKind, type ClientStream } from '../http/client-stream.ts'
import { OpenConnections } from '../http/open-connections.ts'
import { localConnection } from '../testing/local-connection.ts'
import { acceptHttp2 } from './client-connection.ts'

let server: Server
let session: ClientHttp2Session
let onStream: (stream: ClientStream) => void
const connections = new OpenConnections()

beforeEach(async () => {
  server = createServer((socket) => {
    const info = { ...localConnection, port: 1, secure: false, transport: socket, covers: () => true }
    acceptHttp2(socket, info, { connections, draining: false, limits: defaultClientLimits, onStream: (stream) => onStream(stream) })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  session.on('error', () => {})
})

afterEach(async () => {
  session.destroy()
  await new Promise((resolve) => server.close(resolve))
  await connections.drain(0)
})

interface Answer {
  readonly headers: Record<string, unknown>
  readonly informed: Record<string, unknown>[]
  readonly trailers: Record<string, unknown> | null
  readonly body: Buffer
  readonly code: number | undefined
}

const answerOf = (stream: ClientHttp2Stream): Promise<Answer> =>
  new Promise((resolve) => {
    const informed: Record<string, unknown>[] = []
    const chunks: Buffer[] = []
    let headers: Record<string, unknown> = {}
    let trailers: Record<string, unknown> | null = null
    stream.on('headers', (more) => informed.push({ ...more }))
    stream.on('response', (head) => {
      headers = { ...head }
    })
    stream.on('trailers', (more) => {
      trailers = { ...more }
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', () => {})
    stream.on('close', () => resolve({ headers, informed, trailers, body: Buffer.concat(chunks), code: stream.rstCode }))
  })

const request = (headers: OutgoingHttpHeaders, body?: string | Buffer): Promise<Answer> => {
  const stream = session.request(headers, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  return answerOf(stream)
}

/** Reads the body of a request, then calls back. */
const readBody = (stream: ClientStream, done: (body: string, trailers: readonly string[] | null) => void): void => {
  let body = ''
  stream.listener = {
    onBody: (chunk) => {
      body += chunk.toString()
    },
    onBodyEnd: (trailers) => done(body, trailers),
    onClientDrain() {},
    onClientGone() {},
  }
  stream.resumeBody()
}

describe('a request', () => {
  it('is told with its pseudo-headers apart and its headers in their order (RFC 9113, section 8.3.1)', async () => {
    let head: ClientStream['head'] | undefined
    onStream = (stream) => {
      head = stream.head
      stream.respond(204, '', [], 0, false)
      stream.end(null)
    }
    await request({ ':path': '/a?b=%20', ':authority': 'www-1001.test', 'x-b': ['1', '2'], 'x-a': '3' })
    expect(head).toMatchObject({
      method: 'GET',
      target: '/a?b=%20',
      authority: 'www-1001.test',
      version: '2.0',
      bodyKind: BodyKind.none,
      raw: ['x-b', '1', 'x-b', '2', 'x-a', '3'],
    })
  })

  it('has its cookies in one line again (RFC 9113, section 8.2.3)', async () => {
    let raw: readonly string[] = []
    onStream = (stream) => {
      raw = stream.head.raw
      stream.respond(204, '', [], 0, false)
      stream.end(null)
    }
    await request({ cookie: ['a=1', 'b=2', 'c=3'], 'x-last': 'x' })
    expect(raw).toEqual(['cookie', 'a=1; b=2; c=3', 'x-last', 'x'])
  })

  it('has a body and trailers (RFC 9113, section 8.1)', async () => {
    onStream = (stream) => {
      expect(stream.head.bodyKind).toBe(BodyKind.stream)
      readBody(stream, (body, trailers) => {
        stream.respond(200, '', [], -1, false)
        stream.write(Buffer.from(JSON.stringify({ body, trailers })))
        stream.end(null)
      })
    }
    const stream = session.request({ ':method': 'POST' }, { waitForTrailers: true } as never)
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'abc' }))
    stream.write('one ')
    stream.end('two')
    const { body } = await answerOf(stream)
    expect(JSON.parse(body.toString())).toEqual({ body: 'one two', trailers: ['x-sum', 'abc'] })
  })

  it('whose body is not as long as announced never ends (RFC 9113, section 8.1.1)', async () => {
    let ended = false
    let gone = 0
    onStream = (stream) => {
      expect(stream.head).toMatchObject({ bodyKind: BodyKind.length, contentLength: 10 })
      stream.listener = {
        onBody() {},
        onBodyEnd() {
          ended = true
        },
        onClientDrain() {},
        onClientGone() {
          gone++
        },
      }
      stream.resumeBody()
    }
    const { code } = await request({ ':method': 'POST', 'content-length': '10' }, 'short')
    expect(code).toBe(constants.NGHTTP2_PROTOCOL_ERROR)
    expect({ ended, gone }).toEqual({ ended: false, gone: 1 })
  })

  it('holds its client up where the body is not read (RFC 9113, section 5.2)', async () => {
    let stream: ClientStream | undefined
    onStream = (it) => {
      stream = it
    }
    const upload = session.request({ ':method': 'POST' })
    upload.on('error', () => {})
    let taken = 0
    const piece = Buffer.alloc(64 * 1024)
    const send = () => {
      upload.write(piece, () => {
        taken += piece.length
        if (taken < 8 * 1024 * 1024) send()
        else upload.end()
      })
    }
    send()
    await expect.poll(() => stream).toBeDefined()
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(taken).toBeLessThan(1024 * 1024)
    const read = new Promise<number>((resolve) => {
      let length = 0
      const it = stream as ClientStream
      it.listener = {
        onBody: (chunk) => {
          length += chunk.length
        },
        onBodyEnd: () => resolve(length),
        onClientDrain() {},
        onClientGone() {},
      }
      it.resumeBody()
      it.pauseBody()
      it.resumeBody()
    })
    expect(await read).toBe(8 * 1024 * 1024)
  })
})

describe('a response', () => {
  it('keeps repeated headers, their order and bytes beyond ASCII', async () => {
    onStream = (stream) => {
      stream.respond(200, 'Fine', ['Set-Cookie', 'a=1', 'X-Name', 'caf\u00e9', 'Set-Cookie', 'b=2', 'Content-Length', '2'], 2, false)
      stream.write(Buffer.from('ok'))
      stream.end(null)
    }
    const { headers, body } = await request({})
    expect(headers).toMatchObject({ ':status': 200, 'set-cookie': ['a=1', 'b=2'], 'x-name': 'caf\u00e9', 'content-length': '2' })
    expect(headers.date).toBeDefined()
    expect(body.toString()).toBe('ok')
  })

  it('comes after informational ones (RFC 9110, section 15.2)', async () => {
    onStream = (stream) => {
      stream.inform(103, ['Link', '</a.css>; rel=preload', 'Link', '</b.css>; rel=preload'])
      stream.respond(200, '', [], 0, false)
      stream.end(null)
    }
    const { headers, informed } = await request({})
    expect(informed).toMatchObject([{ ':status': 103, link: '</a.css>; rel=preload, </b.css>; rel=preload' }])
    expect(headers[':status']).toBe(200)
  })

  it('has trailers (RFC 9113, section 8.1)', async () => {
    onStream = (stream) => {
      stream.respond(200, '', ['content-type', 'application/grpc'], -1, false)
      stream.write(Buffer.from('x'))
      stream.end(['grpc-status', '5', 'grpc-message', 'not here'])
    }
    const { trailers, body } = await request({})
    expect(trailers).toMatchObject({ 'grpc-status': '5', 'grpc-message': 'not here' })
    expect(body.toString()).toBe('x')
  })

  it('to HEAD says the length and has no body (RFC 9110, section 9.3.2)', async () => {
    onStream = (stream) => {
      stream.respond(200, '', ['content-length', '12'], 12, false)
      stream.write(Buffer.from('hello, world'))
      stream.end(null)
    }
    const { headers, body, code } = await request({ ':method': 'HEAD' })
    expect(headers['content-length']).toBe('12')
    expect(body.length).toBe(0)
    expect(code).toBe(constants.NGHTTP2_NO_ERROR)
  })

  it('that has fewer bytes than announced is reset, not ended (RFC 9113, section 8.1.1)', async () => {
    onStream = (stream) => {
      stream.respond(200, '', ['content-length', '12'], 12, false)
      stream.write(Buffer.from('hello'))
      stream.end(null)
    }
    const { code } = await request({})
    expect(code).toBe(constants.NGHTTP2_INTERNAL_ERROR)
  })

  it('that is cut is reset, and other streams go on', async () => {
    onStream = (stream) => {
      stream.respond(200, '', [], -1, false)
      stream.write(Buffer.from('half'))
      if (stream.head.target === '/cut') setTimeout(() => stream.cut(), 20)
      else setTimeout(() => stream.end(null), 60)
    }
    const [cut, whole] = await Promise.all([request({ ':path': '/cut' }), request({ ':path': '/whole' })])
    expect(cut.code).toBe(constants.NGHTTP2_INTERNAL_ERROR)
    expect(whole.code).toBe(constants.NGHTTP2_NO_ERROR)
    expect(whole.body.toString()).toBe('half')
  })

  it('that comes before the body of the request is whole, and the rest of that body is declined (RFC 9113, section 8.1)', async () => {
    onStream = (stream) => {
      stream.respond(413, '', ['content-length', '3'], 3, false)
      stream.write(Buffer.from('big'))
      stream.end(null)
    }
    const stream = session.request({ ':method': 'POST' })
    stream.write(Buffer.alloc(1000))
    const { headers, body, code } = await answerOf(stream)
    expect(headers[':status']).toBe(413)
    expect(body.toString()).toBe('big')
    expect(code).toBe(constants.NGHTTP2_NO_ERROR)
  })

  it('waits for a client that does not read', async () => {
    const total = 4 * 1024 * 1024
    let written = 0
    onStream = (stream) => {
      stream.respond(200, '', [], total, false)
      const piece = Buffer.alloc(64 * 1024)
      const fill = () => {
        while (written < total) {
          written += piece.length
          if (!stream.write(piece)) return
        }
        stream.end(null)
      }
      stream.listener = { onBody() {}, onBodyEnd() {}, onClientDrain: fill, onClientGone() {} }
      fill()
    }
    const stream = session.request({})
    stream.pause()
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(written).toBeLessThan(2 * 1024 * 1024)
    const answer = answerOf(stream)
    stream.resume()
    expect((await answer).body.length).toBe(total)
  })
})

describe('a client', () => {
  it('that resets its stream is gone, and its connection stays', async () => {
    const gone = new Promise<void>((resolve) => {
      onStream = (stream) => {
        stream.listener = { onBody() {}, onBodyEnd() {}, onClientDrain() {}, onClientGone: resolve }
        stream.respond(200, '', [], -1, false)
        stream.write(Buffer.from('first'))
      }
    })
    const stream = session.request({})
    stream.on('error', () => {})
    stream.on('data', () => stream.close(constants.NGHTTP2_CANCEL))
    await gone
    onStream = (it) => {
      it.respond(204, '', [], 0, false)
      it.end(null)
    }
    expect((await request({})).headers[':status']).toBe(204)
  })

  it('whose connection breaks is gone', async () => {
    const gone = new Promise<void>((resolve) => {
      onStream = (stream) => {
        stream.listener = { onBody() {}, onBodyEnd() {}, onClientDrain() {}, onClientGone: resolve }
        session.destroy()
      }
    })
    session.request({}).on('error', () => {})
    await gone
  })

  it('may cancel a thousand requests and go on with the same connection', async () => {
    onStream = (stream) => {
      if (stream.head.target !== '/last') return
      stream.respond(204, '', [], 0, false)
      stream.end(null)
    }
    for (let i = 0; i < 1500; i++) {
      const stream = session.request({})
      stream.on('error', () => {})
      stream.close(constants.NGHTTP2_CANCEL)
      if (i % 100 === 0) await new Promise(setImmediate)
    }
    expect((await request({ ':path': '/last' })).headers[':status']).toBe(204)
  })

  it('that only opens and resets streams loses its connection (CVE-2023-44487)', async () => {
    onStream = () => {}
    const goaway = new Promise<number>((resolve) => session.once('goaway', resolve))
    const timer = setInterval(() => {
      for (let i = 0; i < 200 && !session.destroyed && !session.closed; i++) {
        const stream = session.request({})
        stream.on('error', () => {})
        stream.close(constants.NGHTTP2_CANCEL)
      }
    }, 5)
    expect(await goaway).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM)
    clearInterval(timer)
  })
})

describe('a connection that drains', () => {
  it('answers what is under way, and what was on its way already (RFC 9113, section 6.8)', async () => {
    const seen: ClientStream[] = []
    onStream = (stream) => seen.push(stream)
    const first = request({ ':path': '/slow' })
    await expect.poll(() => seen.length).toBe(1)
    const closed = new Promise((resolve) => session.once('close', resolve))
    const drained = connections.drain(10_000)
    const late = request({ ':path': '/late' })
    await expect.poll(() => seen.length).toBe(2)
    for (const stream of seen) {
      stream.respond(204, '', [], 0, false)
      stream.end(null)
    }
    expect([(await first).headers[':status'], (await late).headers[':status']]).toEqual([204, 204])
    await Promise.all([closed, drained])
  })

  it('closes at once where nothing is under way', async () => {
    onStream = (stream) => {
      stream.respond(204, '', [], 0, false)
      stream.end(null)
    }
    await request({})
    const closed = new Promise((resolve) => session.once('close', resolve))
    await connections.drain(10_000)
    await closed
  })
})
