import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Environment } from '@standin/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { askBusy } from './ask-busy.ts'

const asked: (string | undefined)[] = []
let answer: [status: number, body: string] = [204, '']
const server = createServer(({ url }, response) => {
  asked.push(url)
  response.writeHead(answer[0], { location: '/elsewhere' }).end(answer[1])
})
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => server.close())

const now = Date.parse('2026-11-21T12:00:00Z')
const minutes = (ms: number | null) => (ms === null ? null : (ms - now) / 60_000)
const ask = async (label: string | undefined, port = (server.address() as AddressInfo).port) => {
  const services = [{ name: 'www', endpoints: [{ address: '127.0.0.1', port }] }]
  const labels = label === undefined ? {} : { 'suspend.busy-path': label }
  return minutes(await askBusy({ labels, services } as unknown as Environment, now, new AbortController().signal))
}

it('believes an application that is busy, for a day at most, and one that is not', async () => {
  expect(await ask(undefined)).toBeNull()
  expect(asked).toEqual([])
  answer = [200, '{"busyUntil":"2026-11-21T13:00:00Z"}']
  expect(await ask('/busy?now')).toBe(60)
  expect(await ask('www/busy')).toBe(60)
  expect(asked).toEqual(['/busy?now', '/busy'])
  answer = [200, '{"busyUntil":"2036-11-21T13:00:00Z"}']
  expect(await ask('/busy')).toBe(24 * 60)
  answer = [200, '{"busyUntil":null}']
  expect(await ask('/busy')).toBeNull()
  answer = [204, '']
  expect(await ask('/busy')).toBeNull()
})

it('takes what it does not understand for busy, and asks again after five minutes', async () => {
  const odd: (typeof answer)[] = [
    [500, ''],
    [302, ''],
    [200, 'busy'],
    [200, '{}'],
    [200, 'null'],
    [200, '{"busyUntil":"soon"}'],
    [200, JSON.stringify({ busyUntil: null, more: 'x'.repeat(20_000) })],
  ]
  for (answer of odd) expect(await ask('/busy'), JSON.stringify(answer).slice(0, 50)).toBe(5)
  expect(await ask('api/busy')).toBe(5)
  expect(await ask('/busy', 1)).toBe(5)
})
