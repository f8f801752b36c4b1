import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { PassThrough, Writable, type WritableOptions } from 'node:stream'
import { json } from 'node:stream/consumers'
import { type LogLine, type Problem, StandinError } from '@standin/client'
import type { ExecSession } from '@standin/core'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { Tokens } from '../container.ts'
import { Booted } from '../fixtures/booted.ts'

let control: Booted
beforeAll(async () => {
  control = await Booted.boot()
  control.bake()
  await control.call('POST', '/v1/environments', { body: { name: 'shop', template: 'shop' } })
  await control.until('shop', 'running')
})
afterAll(() => control[Symbol.asyncDispose]())

function open(path: string, token = control.adminToken): WebSocket {
  return new WebSocket(`${control.api.replace('http', 'ws')}${path}`, { headers: { authorization: `Bearer ${token}` } })
}

/** The status with which an upgrade is refused. */
async function refusal(path: string, token?: string): Promise<number> {
  const socket = open(path, token)
  socket.on('error', () => {})
  const [, response] = await once(socket, 'unexpected-response')
  response.resume()
  socket.terminate()
  return response.statusCode
}

describe('exec', () => {
  it('carries standard input, output and the end', async () => {
    const socket = open('/v1/environments/shop/exec?arg=cat&tty=80x24')
    const frames: Buffer[] = []
    socket.on('message', (data: Buffer) => frames.push(data))
    await once(socket, 'open')
    socket.send(Buffer.from('\x04{"columns":120,"rows":40}'))
    socket.send(Buffer.from('\x04nonsense'))
    socket.send(Buffer.from('\0hello'))
    socket.send(Buffer.from('\0'))
    const [code] = await once(socket, 'close')
    expect(code).toBe(1000)
    const output = Buffer.concat(frames.filter((frame) => frame[0] === 1).map((frame) => frame.subarray(1))).toString()
    expect(output).toBe('hello')
    expect(frames.at(-1)?.toString()).toBe('\x03{"exitCode":0,"signal":null}')
  })

  it('refuses before it upgrades, with the status of the problem', async () => {
    expect(await refusal('/v1/environments/shop/exec?arg=ls', control.tokenOf('dns'))).toBe(403)
    expect(await refusal('/v1/environments/shop/exec?arg=ls', 'nonsense')).toBe(401)
    expect(await refusal('/v1/environments/nobody/exec?arg=ls')).toBe(404)
    expect(await refusal('/v1/environments/shop/exec?arg=ls&host=nobody')).toBe(404)
    expect(await refusal('/v1/environments/shop/exec')).toBe(400)
    expect(await refusal('/v1/environments/shop/exec?arg=ls&tty=wide')).toBe(400)
    expect(await refusal('/v1/elsewhere')).toBe(404)
  })

  it('ends the command when the client goes', async () => {
    const socket = open('/v1/environments/shop/exec?arg=cat')
    await once(socket, 'open')
    const before = control.world.calls.length
    socket.terminate()
    await expect.poll(() => control.world.calls.slice(before)).toContain('kill SIGHUP 1001')
  })
})

/** A command whose standard input takes what `take` lets it. */
function stubbornSession(write: WritableOptions['write']) {
  const ended = Promise.withResolvers<{ exitCode: number | null; signal: NodeJS.Signals | null }>()
  const kill = vi.fn((signal: NodeJS.Signals) => {
    session.stdout.end()
    session.stderr.end()
    ended.resolve({ exitCode: null, signal })
  })
  const stdin = new Writable({ write: write as NonNullable<WritableOptions['write']> })
  const session = { stdin, stdout: new PassThrough(), stderr: new PassThrough(), exited: ended.promise, kill }
  return session
}

const handshake = {
  connection: 'upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** An upgrade by hand. */
function upgrade(path: string, headers: Record<string, string>, method = 'GET'): ClientRequest {
  const authorization = `Bearer ${control.adminToken}`
  const sent = request(`${control.api}${path}`, { method, agent: false, headers: { authorization, ...headers } })
  sent.on('error', () => {})
  sent.end()
  return sent
}

describe('exec, when nobody can be connected to the command', () => {
  const path = '/v1/environments/shop/exec?arg=cat'
  const provider = () => control.part(Tokens.providers).get('memory')
  afterEach(() => vi.restoreAllMocks())

  const { 'sec-websocket-key': _key, ...keyless } = handshake
  it.each([
    ['no key', 'GET', keyless],
    ['a key that is none', 'GET', { ...handshake, 'sec-websocket-key': 'short' }],
    ['another version', 'GET', { ...handshake, 'sec-websocket-version': '7' }],
    ['another protocol', 'GET', { ...handshake, upgrade: 'h2c' }],
    ['another method', 'POST', { ...handshake, 'content-length': '0' }],
  ])('does not start it for a handshake with %s', async (_, method, headers) => {
    const exec = vi.spyOn(provider(), 'exec')
    const [response] = (await once(upgrade(path, headers, method), 'response')) as [IncomingMessage]
    const problem = (await json(response)) as Problem
    expect([response.statusCode, problem.code]).toEqual([400, 'invalid'])
    expect(exec).not.toHaveBeenCalled()
  })

  it('ends it where the client goes while it is started', async () => {
    const [asked, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<ExecSession>()]
    const session = stubbornSession((_chunk, _encoding, done) => done())
    vi.spyOn(provider(), 'exec').mockImplementation(() => {
      asked.resolve()
      return opened.promise
    })
    const connections: Socket[] = []
    const note = (message: unknown) => connections.push((message as { socket: Socket }).socket)
    subscribe('net.server.socket', note)
    const client = upgrade(path, { ...handshake })
    await asked.promise
    unsubscribe('net.server.socket', note)
    const port = client.socket?.localPort
    const connection = connections.find((socket) => socket.remotePort === port)
    const closed = new Promise((done) => connection?.once('close', done))
    client.socket?.resetAndDestroy()
    await closed
    opened.resolve(session)
    await expect.poll(() => session.kill.mock.calls).toContainEqual(['SIGHUP'])
  })

  it('ends it where the handshake has a fault that shows late', async () => {
    const session = stubbornSession((_chunk, _encoding, done) => done())
    vi.spyOn(provider(), 'exec').mockResolvedValue(session)
    const sent = upgrade(path, { ...handshake, 'sec-websocket-protocol': 'a,,b' })
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    expect(response.statusCode).toBe(400)
    response.resume()
    await expect.poll(() => session.kill.mock.calls).toContainEqual(['SIGHUP'])
  })
})

describe('exec, when the command does not read', () => {
  afterEach(() => vi.restoreAllMocks())

  it('leaves what it is sent with the client until it does', async () => {
    const size = 1 << 20
    const [count, roomy] = [48, 16 * size]
    let taken = 0
    let reads = false
    let go = () => {}
    const session = stubbornSession((chunk: Buffer, _encoding, done) => {
      taken += chunk.length
      if (reads) done()
      else go = done
    })
    vi.spyOn(control.part(Tokens.providers).get('memory'), 'exec').mockResolvedValue(session)
    const socket = open('/v1/environments/shop/exec?arg=sleep')
    await once(socket, 'open')
    for (let sent = 0; sent < count; sent += 1) socket.send(Buffer.alloc(size))
    await expect.poll(() => taken).toBeGreaterThan(0)
    // Time enough to take all of it.
    await new Promise((done) => setTimeout(done, 500))
    expect(session.stdin.writableLength).toBeLessThan(roomy)
    reads = true
    go()
    await expect.poll(() => taken, { timeout: 20_000 }).toBe(count * (size - 1))
    session.kill('SIGHUP')
    expect((await once(socket, 'close'))[0]).toBe(1000)
  }, 30_000)
})

describe('addresses that can not be decoded', () => {
  it.each(['/v1/environments/%zz/exec?arg=ls', '//'])('are refused as invalid by exec: %s', async (path) => {
    const [response] = (await once(upgrade(path, handshake), 'response')) as [IncomingMessage]
    expect([response.statusCode, ((await json(response)) as Problem).code]).toEqual([400, 'invalid'])
  })

  it('are refused by a problem document elsewhere, too', async () => {
    const { status, headers, body } = await control.call<Problem>('GET', '/v1/environments/%zz')
    expect([status, body.code]).toEqual([400, 'invalid'])
    expect(headers.get('content-type')).toContain('application/problem+json')
  })
})

describe('logs', () => {
  afterEach(() => vi.restoreAllMocks())

  it('are a JSON object a line', async () => {
    const headers = { authorization: `Bearer ${control.adminToken}` }
    const response = await fetch(`${control.api}/v1/environments/shop/logs?tail=5`, { headers })
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    const lines = (await response.text())
      .trim()
      .split('\n')
      .map((line): LogLine => JSON.parse(line))
    expect(lines.map((line) => line.instance)).toEqual(['db-1', 'web-1'])
    expect((await fetch(`${control.api}/v1/environments/shop/logs?host=nobody`, { headers })).status).toBe(404)
  })

  it('that can not be read are answered by a problem document', async () => {
    vi.spyOn(control.part(Tokens.providers).get('memory'), 'logs').mockImplementation(
      // biome-ignore lint/correctness/useYield: it has nothing to give.
      async function* () {
        throw new StandinError('state_conflict', 'environment 1001 is in the trash')
      },
    )
    const { status, body } = await control.call<Problem>('GET', '/v1/environments/shop/logs')
    expect([status, body.code, body.detail]).toEqual([409, 'state_conflict', 'environment 1001 is in the trash'])
  })

  it('are answered at once also where nothing is printed yet, and cut where they end early', async () => {
    const printed = Promise.withResolvers<void>()
    vi.spyOn(control.part(Tokens.providers).get('memory'), 'logs').mockImplementation(async function* () {
      await printed.promise
      yield { at: new Date(0).toISOString(), host: 'db', instance: 'db-1', stream: 'stdout' as const, line: 'late' }
      throw new StandinError('provider_failed', 'its disk is gone')
    })
    const headers = { authorization: `Bearer ${control.adminToken}` }
    const response = await fetch(`${control.api}/v1/environments/shop/logs?follow=true`, { headers })
    expect(response.status).toBe(200)
    printed.resolve()
    await expect(response.text()).rejects.toThrow()
  })
})
