import { describe, expect, it } from 'vitest'
import { type SizedHost, svmsOf } from './svms.ts'

const gib = 2 ** 30
const host = (instances: number, cpus: number | null, memoryBytes: number | null): SizedHost => ({
  instances,
  resources: { cpus, memoryBytes },
})

describe('SVMs', () => {
  it.each<[string, SizedHost[], number]>([
    ['are the CPUs where they are more than the GiB', [host(1, 4, 2 * gib)], 4],
    ['are the GiB where they are more', [host(1, 1, 3.2 * gib)], 4],
    ['are rounded up for each instance', [host(3, 0.25, gib / 4)], 3],
    ['count 2 GiB as 2, and a byte more as 3', [host(1, 1, 2 * gib), host(1, 1, 2 * gib + 1)], 5],
    ['take from the default only what is not said', [host(1, null, null), host(1, 0.5, null), host(1, null, 8 * gib)], 2 + 2 + 8],
    ['are none without instances', [host(0, 8, null)], 0],
  ])('%s', (_, hosts, expected) => {
    expect(svmsOf(hosts, { cpus: 1.5, memory: '1536m' })).toBe(expected)
  })
})
