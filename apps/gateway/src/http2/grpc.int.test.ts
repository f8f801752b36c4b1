import {
  Client,
  credentials,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cleanup } from '../testing/cleanup.ts'
import { domain, routeEntry } from '../testing/start-gateway.ts'
import { type StartedSecureGateway, startSecureGateway } from '../testing/start-secure-gateway.ts'

/** gRPC without a schema: messages are bytes. */

const use = cleanup()
const host = `www-1001.${domain}`
const asIs = (message: Buffer): Buffer => message
const method = (name: string, requestStream: boolean, responseStream: boolean): MethodDefinition<Buffer, Buffer> => ({
  path: `/shop.Orders/${name}`,
  requestStream,
  responseStream,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
})
const path = (name: string) => `/shop.Orders/${name}`

let server: Server
let secure: StartedSecureGateway
let client: Client
/** Calls that were cancelled, as the server saw it. */
let cancelled: string[]

const get: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
  const order = call.request.toString()
  if (order === 'missing') {
    const metadata = new Metadata()
    metadata.set('x-reason', 'sold out')
    callback({ code: status.NOT_FOUND, details: 'there is no such order', metadata })
  } else if (order === 'slow') {
    call.on('cancelled', () => cancelled.push(order))
  } else {
    const trailer = new Metadata()
    trailer.set('x-cost', '3')
    const head = new Metadata()
    head.set('x-authority', call.getHost())
    call.sendMetadata(head)
    callback(null, Buffer.from(`order ${order}`), trailer)
  }
}

const list: handleServerStreamingCall<Buffer, Buffer> = (call) => {
  call.on('cancelled', () => cancelled.push('list'))
  const count = Number(call.request.toString())
  for (let i = 0; i < count; i++) call.write(Buffer.from(String(i)))
  if (count < 1_000) call.end()
}

const echo: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
  call.on('data', (message: Buffer) => call.write(Buffer.from(message.toString().toUpperCase())))
  call.on('end', () => call.end())
}

beforeEach(async () => {
  cancelled = []
  server = new Server()
  server.addService(
    { get: method('Get', false, false), list: method('List', false, true), echo: method('Echo', true, true) },
    { get, list, echo },
  )
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  )
  secure = await use(startSecureGateway())
  const entry = routeEntry(1001, [port])
  for (const route of entry.routes) route.policy = { protocol: 'h2c' }
  secure.gateway.router.put(entry)
  client = new Client(`127.0.0.1:${secure.port}`, credentials.createSsl(Buffer.from(secure.ca)), {
    'grpc.ssl_target_name_override': host,
    'grpc.default_authority': host,
    'grpc.enable_http_proxy': 0,
  })
})

afterEach(() => {
  client.close()
  server.forceShutdown()
})

const unary = (message: string, deadlineMs = 10_000) =>
  new Promise<{ error: ServiceError | null; value: string | undefined; head: Metadata | undefined; trailers: Metadata | undefined }>(
    (resolve) => {
      let head: Metadata | undefined
      let answer: { error: ServiceError | null; value: string | undefined } | undefined
      const call = client.makeUnaryRequest(
        path('Get'),
        asIs,
        asIs,
        Buffer.from(message),
        { deadline: Date.now() + deadlineMs },
        (error, value) => {
          answer = { error, value: value?.toString() }
        },
      )
      call.on('metadata', (metadata) => {
        head = metadata
      })
      call.on('status', ({ metadata }) => setImmediate(() => answer && resolve({ ...answer, head, trailers: metadata })))
    },
  )

describe('gRPC through the gateway, over TLS to an endpoint that speaks h2c', () => {
  it('calls and gets an answer, with metadata before and after it', async () => {
    const { error, value, head, trailers } = await unary('7')
    expect({ error, value }).toEqual({ error: null, value: 'order 7' })
    expect(head?.get('x-authority')).toEqual([host])
    expect(trailers?.get('x-cost')).toEqual(['3'])
  })

  it('gets a status that is not OK, from trailers alone', async () => {
    const { error } = await unary('missing')
    expect(error).toMatchObject({ code: status.NOT_FOUND, details: 'there is no such order' })
    expect(error?.metadata.get('x-reason')).toEqual(['sold out'])
  })

  it('gets a stream', async () => {
    const call = client.makeServerStreamRequest(path('List'), asIs, asIs, Buffer.from('500'))
    const received: string[] = []
    for await (const message of call) received.push(String(message))
    expect(received).toEqual(Array.from({ length: 500 }, (_, i) => String(i)))
  })

  it('talks both ways, each message as it comes', async () => {
    const call = client.makeBidiStreamRequest(path('Echo'), asIs, asIs)
    const next = () => new Promise<string>((resolve) => call.once('data', (message: Buffer) => resolve(message.toString())))
    for (const word of ['one', 'two', 'three']) {
      call.write(Buffer.from(word))
      expect(await next()).toBe(word.toUpperCase())
    }
    const ended = new Promise((resolve) => call.on('status', resolve))
    call.end()
    call.resume()
    expect(await ended).toMatchObject({ code: status.OK })
  })

  it('tells the endpoint when the deadline has passed', async () => {
    // What takes long at the first call is behind it.
    await unary('7')
    expect((await unary('slow', 1_500)).error?.code).toBe(status.DEADLINE_EXCEEDED)
    await expect.poll(() => cancelled).toEqual(['slow'])
  })

  it('tells the endpoint when the client cancels a stream', async () => {
    const call = client.makeServerStreamRequest(path('List'), asIs, asIs, Buffer.from('1000'))
    call.on('error', () => {})
    await new Promise((resolve) => call.once('data', resolve))
    call.cancel()
    await expect.poll(() => cancelled).toEqual(['list'])
  })

  it('gets UNAVAILABLE while there is no endpoint', async () => {
    server.forceShutdown()
    expect((await unary('7')).error?.code).toBe(status.UNAVAILABLE)
  })
})
