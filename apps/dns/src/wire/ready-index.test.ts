import { describe, expect, it } from 'vitest'
import { ReadyIndex } from './ready-index.ts'

/** Every position that a hash has. */
function positions(index: ReadyIndex, hash: number): number[] {
  const found: number[] = []
  for (let slot = index.next(hash, -1); slot >= 0; slot = index.next(hash, slot)) found.push(index.positionAt(slot))
  return found
}

describe('ReadyIndex', () => {
  it('keeps as many apart as fall together in two lines, whichever of the two they belong to', () => {
    const index = new ReadyIndex(64)
    const hashes = Array.from({ length: 16 }, (_, way) => (way << 8) | 2 | (way & 1))
    for (const [way, hash] of hashes.entries()) expect(index.set(hash, way + 1, 1)).toBe(true)
    for (const [way, hash] of hashes.entries()) expect(positions(index, hash)).toEqual([way + 1])
    expect(positions(index, 0x7777_7702)).toEqual([])
  })

  it('drives out one of them for the next, and says so', () => {
    const index = new ReadyIndex(64)
    const hashes = Array.from({ length: 17 }, (_, way) => -(way << 8))
    expect(hashes.map((hash, way) => index.set(hash, way + 1, 1))).toEqual([...Array(16).fill(true), false])
    expect(hashes.map((hash) => positions(index, hash).length).reduce((sum, each) => sum + each)).toBe(16)
    expect(positions(index, hashes[16] as number)).toEqual([17])
  })

  it('takes first what is nobody\u2019s any more, and gives one hash one place', () => {
    const index = new ReadyIndex(64)
    for (let way = 0; way < 16; way++) index.set(way << 8, way + 1, 1)
    expect(index.set(0x7700, 20, 5)).toBe(true)
    expect(index.set(0x7700, 21, 5)).toBe(true)
    expect(positions(index, 0x7700)).toEqual([21])
    expect([0, 1, 2, 3].map((way) => positions(index, way << 8).length).reduce((sum, each) => sum + each)).toBe(3)
  })
})
