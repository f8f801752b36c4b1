import { describe, expect, it } from 'vitest'
import type { Exchange } from '../exchange/exchange.ts'
import { Counts } from './counts.ts'
import { JsonAccessLog } from './json-access-log.ts'

const ended = (more: object): Exchange =>
  ({
    id: 'abc-1',
    startedAt: performance.now(),
    head: { method: 'GET', version: '1.1' },
    connection: { address: '127.0.0.1', peer: '127.0.0.1', secure: false },
    host: 'www-1001.test-envs.internal',
    path: '/',
    target: { environment: { entry: { environment: 1001 } }, route: { service: 'www' } },
    upstream: '127.0.0.1:9000#1',
    upstreamMs: 1,
    connectMs: 0,
    heldMs: 0,
    queuedMs: 0,
    retries: 0,
    faults: null,
    flag: '',
    status: 200,
    bytesReceived: 0,
    bytesSent: 128,
    ...more,
  }) as unknown as Exchange

const lineOf = (exchange: Exchange): Record<string, unknown> => {
  let text = ''
  const log = new JsonAccessLog({ write: (line) => (text += line) }, new Counts())
  log.write(exchange)
  expect(text.endsWith('\n')).toBe(true)
  return JSON.parse(text)
}

describe('JsonAccessLog', () => {
  it('tells what became of a request', () => {
    const before = Date.now()
    const line = lineOf(
      ended({ connection: { address: '203.0.113.7', peer: '127.0.0.1', secure: false }, retries: 1, flag: 'client_gone' }),
    )
    expect(line).toMatchObject({
      msg: 'access',
      id: 'abc-1',
      client: '203.0.113.7',
      peer: '127.0.0.1',
      method: 'GET',
      host: 'www-1001.test-envs.internal',
      path: '/',
      protocol: '1.1',
      configId: 1001,
      service: 'www',
      upstream: '127.0.0.1:9000#1',
      status: 200,
      bytes: 128,
      retries: 1,
      flag: 'client_gone',
    })
    expect(line.time).toBeGreaterThanOrEqual(before)
    expect(line.ms).toBeLessThan(60_000)
  })

  it('tells of a body and of a new connection where there was one', () => {
    expect(lineOf(ended({ bytesReceived: 5, connectMs: 0.5 }))).toMatchObject({ bytesIn: 5, connectMs: 0.5 })
    const line = lineOf(ended({}))
    expect([line.bytesIn, line.connectMs]).toEqual([undefined, undefined])
  })

  it.each([
    [0, 0],
    [0.004, 0],
    [0.05, 0.05],
    [0.1, 0.1],
    [7, 7],
    [12.345, 12.35],
    [1234.996, 1235],
    [86_400_000.25, 86_400_000.25],
  ])('writes %f ms to a hundredth', (ms, expected) => {
    expect(lineOf(ended({ upstreamMs: ms })).upstreamMs).toBe(expected)
  })

  it('leaves the query out, which may hold secrets, and escapes what JSON asks for', () => {
    expect(lineOf(ended({ path: '/a"b\\c?token=secret' })).path).toBe('/a"b\\c')
  })
})
