import { describe, expect, it } from 'vitest'
import { queryMessage, read } from '../testing/messages.ts'
import { domain, entry, loadedTable, resolverOf } from '../testing/tables.ts'
import { Source } from '../wire/source.ts'
import { RateLimit, type Verdict } from './rate-limit.ts'

const from = (address: string) => new Source().set(address, 5353)
const times = (count: number, judge: () => Verdict) => Array.from({ length: count }, judge)
const count = (verdicts: readonly Verdict[], verdict: Verdict) => verdicts.filter((each) => each === verdict).length

describe('RateLimit', () => {
  it("lets a network have so many replies a second, then drops, and cuts every second one as BIND's slip does", () => {
    const limit = new RateLimit({ perSecond: 10 })
    const verdicts = times(30, () => limit.judge(from('192.0.2.1'), 5000))
    expect(verdicts.slice(0, 10)).toEqual(Array(10).fill('send'))
    expect(count(verdicts, 'cut')).toBe(10)
    expect(count(verdicts, 'drop')).toBe(10)
    expect(
      count(
        times(30, () => limit.judge(from('192.0.2.1'), 5500)),
        'send',
      ),
    ).toBe(5)
    expect(
      count(
        times(30, () => limit.judge(from('192.0.2.1'), 900_000)),
        'send',
      ),
    ).toBe(10)
  })

  it('counts by IPv4 /24 and IPv6 /56', () => {
    const verdicts = () => {
      const limit = new RateLimit({ perSecond: 1, slip: 0 })
      const addresses = ['192.0.2.1', '192.0.2.200', '::ffff:192.0.2.3', '192.0.3.1']
      return [...addresses, '2001:db8:0:1100::1', '2001:db8:0:11ff::1', '2001:db8:0:1200::1'].map((address) =>
        limit.judge(from(address), 0),
      )
    }
    // Two networks fall together once in thousands, each time others.
    const expected: Verdict[] = ['send', 'drop', 'drop', 'send', 'send', 'drop', 'send']
    expect([verdicts(), verdicts(), verdicts()]).toContainEqual(expected)
  })

  it('counts on, whatever networks are named in between', () => {
    const limit = new RateLimit({ perSecond: 10, slip: 0 })
    expect(
      count(
        times(20, () => limit.judge(from('192.0.2.1'), 0)),
        'send',
      ),
    ).toBe(10)
    // All of 10.0.0.0/8: many times as many as there are accounts.
    for (let index = 0; index < 65_536; index++) limit.judge(from(`10.${index >> 8}.${index & 255}.1`), 0)
    expect(limit.judge(from('192.0.2.1'), 0)).toBe('drop')
    expect(limit.judge(from('192.0.2.1'), 1000)).toBe('send')
  })

  it('leaves loopback alone, and everybody where it is 0', () => {
    const limit = new RateLimit({ perSecond: 1 })
    expect(
      count(
        times(50, () => limit.judge(from('127.0.0.1'), 0)),
        'send',
      ),
    ).toBe(50)
    expect(
      count(
        times(50, () => limit.judge(from('::1'), 0)),
        'send',
      ),
    ).toBe(50)
    const none = new RateLimit({ perSecond: 0 })
    expect(
      count(
        times(50, () => none.judge(from('192.0.2.1'), 0)),
        'send',
      ),
    ).toBe(50)
  })
})

describe('a reply above the limit', () => {
  it('is header, question and OPT with TC, so that a real asker comes again over TCP (RFC 1035, section 4.2.1), who is not limited there', () => {
    const resolver = resolverOf(loadedTable(entry(1001)), undefined, { rateLimit: new RateLimit({ perSecond: 1, slip: 1 }) })
    const message = queryMessage({ name: `WWW-1001.${domain}`, edns: {} })
    const output = Buffer.alloc(1232)
    const source = from('10.1.2.3')
    const ask = () => {
      const length = resolver.replyTo(message, 0, message.length, source, output, 0) as number
      return read(Buffer.from(output.subarray(0, length)))
    }
    expect(ask()).toMatchObject({ tc: false, answers: [{ address: '127.0.0.1' }] })
    const cut = ask()
    expect(cut).toMatchObject({ tc: true, answers: [], id: 0x1234 })
    expect(cut.opts).toHaveLength(1)
    for (let time = 0; time < 5; time++)
      expect(read(resolver.reply(message, source, true) as Buffer)).toMatchObject({ tc: false, answers: [{ address: '127.0.0.1' }] })
  })
})
