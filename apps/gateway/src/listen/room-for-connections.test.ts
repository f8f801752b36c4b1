import { expect, it } from 'vitest'
import { roomForConnections } from './room-for-connections.ts'

const limits = (files: string) =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${files}                 524288               files\n`

it('leaves a connection to an endpoint for each one of a client, and never takes none', () => {
  expect(roomForConnections(20_000, limits('524288'))).toBe(20_000)
  expect(roomForConnections(20_000, limits('1024'))).toBe(480)
  expect(roomForConnections(20_000, limits('80'))).toBe(8)
  expect(roomForConnections(20_000, limits('10'))).toBe(1)
  expect(roomForConnections(20_000, limits('unlimited'))).toBe(20_000)
  expect(roomForConnections(20_000, '')).toBe(20_000)
})
