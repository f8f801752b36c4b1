import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import dns2 from 'dns2'
import { expect, it } from 'vitest'
import { MutatedPackets } from './testing/mutated-packets.ts'
import { domain, entry, loadedTable, resolverOf, source } from './testing/tables.ts'
import { Query } from './wire/query.ts'

/** `STANDIN_FUZZ_PACKETS=1000000` for the long run; `STANDIN_FUZZ_SEED` repeats one. */
const packets = Number(process.env.STANDIN_FUZZ_PACKETS ?? 50_000)
const seed = Number(process.env.STANDIN_FUZZ_SEED ?? Date.now() % 0x7fff_ffff)

const crowd = Array.from({ length: 40 }, (_, index) => `127.70.0.${index + 1}`)
const table = loadedTable(entry(1001), entry(1002, 'stopped'), {
  ...entry(1003),
  records: [{ name: `crowd.1003.${domain}`, addresses: crowd, ptr: false }],
})
const resolver = resolverOf(table)
const canary = 0xa5
const margin = 64
const output = Buffer.alloc(margin + 1232 + margin)
const aheadOutput = Buffer.alloc(1232)
const input = Buffer.alloc(margin + 5000 + margin)

/** What must hold for every packet; gives the length of the reply. */
function check(packet: Buffer, isReadWhole: boolean): number {
  output.fill(canary)
  input.fill(canary, 0, margin + packet.length + margin)
  packet.copy(input, margin)
  const length = resolver.replyTo(input, margin, margin + packet.length, source, output, margin)
  if (typeof length !== 'number') throw new Error('the answer came from elsewhere')
  for (let at = 0; at < margin; at++)
    if (output[at] !== canary || output[margin + 1232 + at] !== canary) throw new Error('octets were written outside of the reply')
  if (packet.compare(input, margin, margin + packet.length) !== 0) throw new Error('the query was changed')
  if (packet.length < 12 || ((packet[2] as number) & 0x80) !== 0) {
    if (length !== 0) throw new Error('something was answered that is no query')
    return 0
  }
  const reply = output.subarray(margin, margin + length)
  const query = new Query(packet, source, false)
  if (length < 12 || length > query.limit || length > (packet[11] === 0 && packet[10] === 0 ? 512 : 1232))
    throw new Error(`${length} octets`)
  if (reply[0] !== packet[0] || reply[1] !== packet[1]) throw new Error('another id')
  if (((reply[2] as number) & 0xf9) !== (0x80 | ((packet[2] as number) & 0x79))) throw new Error('other flags')
  if (packet.compare(reply, 12, query.questionEnd, 12, query.questionEnd) !== 0) throw new Error('another question')
  // As a listener asks that takes it with others.
  const place = packet.length % 64
  resolver.readAhead(input, margin, margin + packet.length, place)
  resolver.bringNear(place + 1)
  if (
    resolver.replyTo(input, margin, margin + packet.length, source, aheadOutput, 0, place) !== length ||
    reply.compare(aheadOutput, 0, length) !== 0
  )
    throw new Error('another reply where it was read ahead')
  // Whether it lay ready or not, it has to be what the chain says.
  if (!reply.equals(resolver.reply(packet, source, false) as Buffer)) throw new Error('not what the chain says')
  if (resolver.replyTo(reply, 0, reply.length, source, Buffer.alloc(1232), 0) !== 0) throw new Error('the reply was answered')
  if (isReadWhole && dns2.Packet.parse(Buffer.from(reply)).errors.length > 0) throw new Error('dns2 can not read the reply')
  return length
}

const collectGarbage = (() => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
})()

function memory(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

it(`answers ${packets} packets of any kind within their limits, none of them a response, and keeps nothing of them`, {
  timeout: 600_000,
}, () => {
  const source = new MutatedPackets(seed)
  let answered = 0
  let before = 0
  for (let count = 0; count < packets; count++) {
    const packet = source.next()
    const copy = Buffer.from(packet)
    try {
      if (check(packet, count % 16 === 0) > 0) answered++
    } catch (cause) {
      throw new Error(`packet ${count} of seed ${seed}: ${copy.toString('hex')}`, { cause })
    }
    if (count % 1000 === 0) table.apply({ revision: 8 + count, put: entry(1001, count % 2000 === 0 ? 'stopped' : 'running'), remove: null })
    if (count === Math.floor(packets / 2)) before = memory()
  }
  expect(answered).toBeGreaterThan(packets / 3)
  expect(answered).toBeLessThan(packets)
  expect(memory() - before).toBeLessThan(8 << 20)
})

it('answers batches of them, read ahead at any offsets, as it answers each alone, whatever changes in between', {
  timeout: 600_000,
}, () => {
  const packetsOf = new MutatedPackets(seed)
  let state = (seed % 0x7fff_ffff) + 1
  const below = (limit: number) => {
    state = (state * 48_271) % 0x7fff_ffff
    return state % limit
  }
  // Asked for again and again, so that their replies lie ready.
  const common: Buffer[] = []
  const gap = 5
  let revision = 2 * packets
  const batchOutput = Buffer.alloc(margin + 1232 + margin)
  for (let left = packets; left > 0; ) {
    const batch = Array.from({ length: 1 + below(64) }, () => {
      const isNew = common.length < 200 || below(3) === 0
      if (!isNew) return common[below(common.length)] as Buffer
      const packet = Buffer.from(packetsOf.next())
      common[common.length < 200 ? common.length : below(200)] = packet
      return packet
    })
    const starts: number[] = []
    let end = 0
    for (const packet of batch) {
      starts.push(end + below(gap))
      end = (starts.at(-1) as number) + packet.length
    }
    // Of just that length: who reads behind the last one is thrown at.
    const received = Buffer.alloc(end, canary)
    for (const [index, packet] of batch.entries()) packet.copy(received, starts[index])
    for (const [index, packet] of batch.entries()) {
      const start = starts[index] as number
      resolver.readAhead(received, start, start + packet.length, index)
    }
    resolver.bringNear(batch.length)
    for (const [index, packet] of batch.entries()) {
      if (below(100) === 0) table.apply({ revision: ++revision, put: entry(1001, below(2) === 0 ? 'stopped' : 'running'), remove: null })
      const start = starts[index] as number
      const at = below(margin)
      const length = resolver.replyTo(received, start, start + packet.length, source, batchOutput, at, index) as number
      const alone = (resolver.reply(packet, source, false) as Buffer | undefined) ?? Buffer.alloc(0)
      if (alone.compare(batchOutput, at, at + length) !== 0)
        throw new Error(`place ${index}, seed ${seed}: ${packet.toString('hex')} got ${batchOutput.toString('hex', at, at + length)}`)
    }
    left -= batch.length
  }
})
