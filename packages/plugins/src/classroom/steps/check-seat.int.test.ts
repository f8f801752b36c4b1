import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Environment } from '@standin/client'
import { afterEach, expect, it } from 'vitest'
import type { Copy } from '../seat.ts'
import { checkSeat } from './check-seat.ts'
import { examine } from './examine.ts'
import type { SeatWork } from './seat-work.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

const seen: (string | undefined)[] = []
const listen = async (status: number) => {
  const server = createServer((request, response) => {
    seen.push(`${request.headers.host}${request.url}`)
    response.writeHead(status, { location: 'http://elsewhere.example/' }).end('x'.repeat(100_000))
  })
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return (server.address() as AddressInfo).port
}
const seat = (...ports: number[]) => {
  const endpoints = ports.map((port, index) => ({ address: '127.0.0.1', port, generation: 1, instance: `web-${index + 1}` }))
  return { services: [{ name: 'www', url: 'http://x/', hostname: 'www-1001.test', endpoints }] } as unknown as Environment
}
const never = new AbortController().signal

it('asks each endpoint by the name that a browser would use, and follows nobody elsewhere', async () => {
  const port = await listen(302)
  expect(await checkSeat(seat(port, port), { path: '/login' }, never)).toBe(null)
  expect(seen).toEqual(['www-1001.test/login', 'www-1001.test/login'])
})

it('says what is wrong with a seat', async () => {
  const [well, ill] = [await listen(200), await listen(503)]
  expect(await checkSeat(seat(well, ill), {}, never)).toBe('web-2 answers / with 503')
  const closed = await listen(200)
  await new Promise((done) => servers.pop()?.close(done))
  expect(await checkSeat(seat(closed), {}, never)).toBe('web-1 answers / with ECONNREFUSED')
  expect(await checkSeat(seat(), {}, never)).toBe('nothing answers for its service www')
  expect(await checkSeat(seat(well), { service: 'api' }, never)).toBe('it has no service api')
  expect(await checkSeat(seat(), false, never)).toBe(null)
})

it('ends with its signal', async () => {
  const port = await listen(200)
  await expect(checkSeat(seat(port), {}, AbortSignal.abort(new Error('stopping')))).rejects.toThrow('stopping')
})

it('has a seat be unwell for a while before it is ill, and well once it is, as if nothing had been', async () => {
  const [port, copy] = [await listen(200), { unwellSince: null, trouble: null } as Copy]
  let now = 0
  const look = (of: Copy, ...ports: number[]) =>
    examine(of, {
      seen: { of: () => seat(...ports) },
      config: { check: {} },
      signal: never,
      clock: { now: () => now },
    } as unknown as SeatWork)
  const first = await look(copy)
  const trouble = 'nothing answers for its service www'
  expect(first).toEqual({ is: 'unwell', copy: { unwellSince: 0, trouble } })
  now = 119_999
  expect((await look(first.copy)).is).toBe('unwell')
  expect(await look(first.copy, port)).toEqual({ is: 'well', copy })
  now = 120_000
  expect(await look(first.copy)).toEqual({ is: 'ill', copy: { unwellSince: 0, trouble } })
})
