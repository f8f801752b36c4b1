import { once } from 'node:events'
import type { LogLine } from '@standin/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
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

describe('logs', () => {
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
})
