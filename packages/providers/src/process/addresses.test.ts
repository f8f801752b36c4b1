import { describe, expect, it } from 'vitest'
import { AddressPool } from './addresses.ts'

describe('AddressPool', () => {
  it('stays within 127.64.0.0/10 and gives each address once', async () => {
    const pool = new AddressPool()
    const addresses = (await Promise.all([pool.take(1, 400), pool.take(2, 400)])).flat()
    expect(new Set(addresses).size).toBe(800)
    for (const address of addresses) {
      const [a, b, , d] = address.split('.').map(Number)
      expect([a, (b ?? 0) >> 6, d === 0 || d === 255]).toEqual([127, 1, false])
    }
  })

  it('does not give back at once what was freed', async () => {
    const pool = new AddressPool()
    const first = await pool.take(1, 3)
    pool.free(1)
    expect(pool.size).toBe(0)
    const second = await pool.take(2, 3)
    expect(second.filter((address) => first.includes(address))).toEqual([])
  })

  it('leaves alone what was had before', async () => {
    const pool = new AddressPool()
    const [next = ''] = await pool.take(1, 1)
    const [a, b, c, d] = next.split('.').map(Number)
    const following = `${a}.${b}.${c}.${(d ?? 0) + 1}`
    pool.adopt(7, [following])
    expect(await pool.take(2, 3)).not.toContain(following)
  })
})
