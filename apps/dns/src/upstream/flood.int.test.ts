import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { defaultForwarding } from '../dnsmasq/settings.ts'
import { queryMessage } from '../testing/messages.ts'
import { addressRecord, scriptedUpstream, upstreamReply } from '../testing/scripted-upstream.ts'
import { source } from '../testing/tables.ts'
import type { Answer } from '../wire/answer.ts'
import { Query } from '../wire/query.ts'
import { Forwarder } from './forwarder.ts'

/** Octets of the heap and beside it that are in use, garbage left out. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

describe('flood', () => {
  it('of names asked for once leaves memory as it is, and what is asked for often in the cache', { timeout: 60_000 }, async () => {
    await using upstream = await scriptedUpstream((query) => [upstreamReply(query, { answers: [addressRecord(1, 3600)] })])
    const forwarder = new Forwarder([upstream], { settings: { ...defaultForwarding, cacheSize: 500 } })
    const ask = async (name: string): Promise<Answer | undefined> => {
      upstream.asked.length = 0
      return await forwarder.forward(new Query(queryMessage({ name }), source, false))
    }
    const flood = async (from: number, to: number) => {
      for (let next = from; next < to; next += 50) {
        await Promise.all([ask('popular.example'), ...Array.from({ length: 50 }, (_, index) => ask(`n${next + index}.example`))])
        expect(forwarder.cache.counters.entries).toBeLessThanOrEqual(500)
      }
    }
    await flood(0, 4000)
    const before = memoryInUse()
    await flood(4000, 16_000)
    expect(memoryInUse() - before).toBeLessThan(4 << 20)
    expect(forwarder.counters).toMatchObject({ answered: 16_001, failed: 0, waiting: 0 })
    expect(forwarder.cache.counters).toMatchObject({ hits: 319, entries: 500 })
    forwarder.close()
  })

  it('of names that nobody answers is bounded too, and all of it is answered', async () => {
    await using silent = await scriptedUpstream(() => [])
    const forwarder = new Forwarder([silent], { deadlineMs: 300, limit: 200 })
    const ask = (name: string) => forwarder.forward(new Query(queryMessage({ name }), source, false)) as Answer | Promise<Answer>
    const answers = await Promise.all(Array.from({ length: 3000 }, (_, index) => ask(`n${index}.example`)))
    expect(answers.every(({ rcode }) => rcode === 2)).toBe(true)
    expect(forwarder.counters).toMatchObject({ overloaded: 2800, failed: 200, waiting: 0 })
    // Sockets and connections go when nobody uses them.
    expect(silent.asked.length).toBeLessThanOrEqual(600)
    forwarder.close()
  })
})
