import { type BootedPlugin, bootPlugin } from '@standin/testing/plugin'
import { afterEach, describe, expect, it } from 'vitest'
import { allEvents } from './fixtures/all-events.ts'
import { ledgerPlugin } from './fixtures/ledger-plugin.ts'
import { quietTimes, useByLog } from './fixtures/use-by-log.ts'
import { type Ledger, minuteMs, type UsageRange, type UsageSpan } from './usage-span.ts'

let booted: BootedPlugin
let ledger: Ledger
afterEach(() => booted[Symbol.asyncDispose]())

const meter = ledgerPlugin((made) => {
  ledger = made
})

const boot = async (at: string, config = {}) => {
  booted = await bootPlugin(meter, config, { at })
}
const time = (ms: number) => new Date(ms).toISOString().slice(11, 16)
const spansOf = async (range: UsageRange) => {
  const spans: UsageSpan[] = []
  for await (const span of ledger.spans(range)) spans.push(span)
  return spans
}
/** `09:00 10:30 3 alice`: from, to, SVMs, owner; what follows an equal one is put to it. */
const told = async (environment: number) => {
  const lines: { from: number; to: number | null; what: string }[] = []
  for (const { from, to, svms, owner, labels } of await spansOf({ environment, from: 0 })) {
    const what = `${svms} ${owner} ${labels.project ?? '-'}`
    const last = lines.at(-1)
    if (last?.what === what && last.to === from) last.to = to
    else lines.push({ from, to, what })
  }
  return lines.map(({ from, to, what }) => `${time(from)} ${to === null ? 'on' : time(to)} ${what}`)
}

describe('metering, on a control plane', { timeout: 60_000 }, () => {
  it('bills each instance that runs as one SVM where the blueprint says nothing, nothing while suspended, and the owner', async () => {
    await boot('2026-03-02T09:00:30Z')
    const shop = await booted.clone('shop', { project: 'till' })
    await booted.advanceTo('2026-03-02T10:30:59Z')
    await shop.suspend()
    await booted.advanceTo('2026-03-02T12:00:10Z')
    await shop.resume()
    await booted.advanceTo('2026-03-02T12:00:50Z')
    await shop.suspend()
    await booted.advanceTo('2026-03-02T14:00:00Z')
    await shop.resume()
    await booted.advanceTo('2026-03-02T14:10:00Z')
    await shop.refresh()
    await shop.update({ labels: { project: 'web' } })
    await booted.restart()
    await booted.advanceTo('2026-03-02T15:00:00Z')
    await (await booted.client.environments.get('shop')).delete()
    await booted.settled()
    await booted.advanceTo('2026-03-02T15:30:30Z')
    await booted.client.environments.get('shop').then((environment) => environment.delete({ purge: true }))
    await booted.settled()
    expect(await told(shop.id)).toEqual([
      '09:00 10:30 3 admin till',
      '10:30 14:00 0 admin till',
      '14:00 14:10 3 admin till',
      '14:10 15:00 3 admin web',
      '15:00 15:30 0 admin web',
    ])
    expect([...ledger.current()].map(({ name, svms }) => [name, svms])).toEqual([['shop@1', 0]])
  })

  it('takes what the blueprint says: the greater of CPUs and GiB, rounded up', async () => {
    await boot('2026-03-02T09:00:00Z', { defaultSize: { cpus: 2, memory: '2500m' } })
    await booted.clone('shop')
    // Three instances of 2.44 GiB.
    expect([...ledger.current()].find(({ name }) => name === 'shop')?.svms).toBe(9)
  })

  it('goes on where events are lost, with what did not change since before, and keeps that they are lost', async () => {
    await boot('2026-03-02T09:00:00Z')
    const [still, busy] = [await booted.clone('still'), await booted.clone('busy')]
    await booted.advanceTo('2026-03-02T10:00:00Z')
    await busy.suspend()
    await booted.settled()
    await booted.stop()
    await booted.pruneEvents(5, 1)
    booted.clock.moveTo(Date.parse('2026-03-02T11:00:00Z'))
    await booted.start()
    await booted.client.environments.act('busy', 'resume')
    await booted.settled()
    expect(await told(still.id)).toEqual(['09:00 on 3 admin -'])
    expect(await told(busy.id)).toEqual(['09:00 10:00 3 admin -', '10:00 11:00 0 admin -', '11:00 on 3 admin -'])
    const [gap, ...others] = await ledger.gaps()
    expect({ ...gap, others }).toMatchObject({ from: Date.parse('2026-03-02T10:00:00Z'), environments: 0, others: [] })
  })

  it('bills what the log says, minute by minute, whatever people do and however often control starts anew', async () => {
    await boot('2026-10-24T20:00:00Z', { timeZone: 'Europe/Berlin' })
    let seed = 20_261_121
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff
      return (seed >> 8) % below
    }
    const ids: number[] = []
    for (let step = 0; step < 80; step++) {
      await booted.advance(random(40) * 41_000)
      if (ids.length < 4 && random(3) === 0) ids.push((await booted.clone(`shop-${step}`, { project: `p${random(3)}` })).id)
      const id = ids[random(Math.max(1, ids.length))]
      if (id === undefined) continue
      // Not everything is allowed in every state.
      const environment = await booted.client.environments.get(id).catch(() => null)
      if (environment === null) continue
      const acts = [
        () => environment.suspend(),
        () => environment.resume(),
        () => environment.stop(),
        () => environment.start(),
        () => environment.update({ labels: { project: `p${random(3)}` } }),
        () => environment.update({ name: `shop-${id}-${step}` }),
        () => (random(3) === 0 ? environment.delete({ purge: random(2) === 0 }) : environment.suspend()),
        () => environment.undelete(),
        () => void booted.world.storageBytes.set(id, random(9) * 3_000_000),
        () => booted.restart(),
      ]
      await Promise.resolve(acts[random(acts.length)]?.()).catch(() => {})
      if (random(2) === 0) await booted.settled()
    }
    await booted.settled()
    await booted.advance('2m')
    const events = await allEvents(booted.client)
    const [begin, end] = [Date.parse('2026-10-24T20:00:00Z') / minuteMs, Math.floor(booted.clock.now() / minuteMs)]
    expect(ids.length).toBeGreaterThan(3)
    for (const id of ids) {
      const billed = new Map<number, string>()
      for (const { from, to, svms, storageBytes, owner } of await spansOf({ environment: id, from: 0, to: booted.clock.now() })) {
        for (let at = from / minuteMs; at < (to ?? 0) / minuteMs; at++) {
          expect(billed.has(at)).toBe(false)
          billed.set(at, `${svms} ${storageBytes / 2 ** 20} ${owner}`)
        }
      }
      for (const [first, last] of quietTimes(events, begin, end)) {
        const { svms, mebibytes, owner } = useByLog(events, id, first)
        const expected = owner === '' ? undefined : `${svms} ${mebibytes} ${owner}`
        for (let minute = first; minute < last; minute++) {
          expect(`${id} ${minute} ${billed.get(minute)}`).toBe(`${id} ${minute} ${expected}`)
        }
      }
    }
  })
})
