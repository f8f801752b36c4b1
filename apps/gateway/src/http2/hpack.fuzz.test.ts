import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fuzzRuns } from '../testing/fuzz-runs.ts'
import { nghttp2Reads } from '../testing/nghttp2.ts'
import { HeaderList, HpackDecoder } from './hpack-decoder.ts'
import { encodeFields, noDynamicTable } from './hpack-encoder.ts'

const { seed, ...runs } = fuzzRuns(400)
const limit = { seed, ...runs, interruptAfterTimeLimit: runs.numRuns === 400 ? 8_000 : 3_600_000 }

/** `GET / http` and an authority: whatever follows, it is a request. */
const request = Buffer.from('828684410161', 'hex')

const byte = fc.integer({ min: 0, max: 255 })
const letters = fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz-0123456789'), minLength: 1, maxLength: 12 })
const integer = (mask: number, first: number, value: number): number[] => {
  if (value < mask) return [first | value]
  const bytes = [first | mask]
  let rest = value - mask
  for (; rest >= 0x80; rest >>>= 7) bytes.push(0x80 | (rest & 0x7f))
  return [...bytes, rest]
}
const literal = (text: string) => [...integer(0x7f, 0, text.length), ...Buffer.from(text, 'latin1')]
/** A valid text in Huffman code: its letters have codes of five bits, and eight of them fill five bytes. */
const huffman = fc
  .array(fc.integer({ min: 0, max: 9 }), { minLength: 8, maxLength: 24 })
  .map((codes) => codes.slice(0, codes.length - (codes.length % 8)))
  .map((codes) => {
    const bits = codes.map((code) => code.toString(2).padStart(5, '0')).join('')
    const bytes = bits.match(/.{8}/g)?.map((each) => Number.parseInt(each, 2)) ?? []
    return [...integer(0x7f, 0x80, bytes.length), ...bytes]
  })
const text = fc.oneof(letters.map(literal), huffman)
const field = fc.oneof(
  fc.integer({ min: 0, max: 75 }).map((index) => integer(0x7f, 0x80, index)),
  // Names of pseudo-headers are left out: the rest of the message would be refused.
  fc
    .tuple(fc.constantFrom([0x3f, 0x40], [0x0f, 0], [0x0f, 0x10]), fc.integer({ min: 15, max: 70 }), text)
    .map(([[mask, first], index, value]) => [...integer(mask as number, first as number, index), ...value]),
  fc.tuple(fc.constantFrom(0x40, 0, 0x10), text, text).map(([first, name, value]) => [first, ...name, ...value]),
)
const resize = fc.integer({ min: 0, max: 4_200 }).map((size) => integer(0x1f, 0x20, size))
const plain = fc
  .tuple(fc.array(resize, { maxLength: 2 }), fc.array(field, { maxLength: 12 }))
  .map(([sizes, fields]) => Buffer.from([...sizes.flat(), ...request, ...fields.flat()]))
/** One byte is another one, is missing, or is there twice. */
const spoilt = fc.tuple(plain, fc.nat(), byte, fc.integer({ min: 0, max: 2 })).map(([block, at, other, kind]) => {
  const index = at % block.length
  const [before, behind] = [block.subarray(0, index), block.subarray(kind === 2 ? index : index + 1)]
  return Buffer.concat([before, Buffer.from(kind === 1 ? [] : [other]), behind])
})
const blocks = fc.array(fc.oneof({ weight: 4, arbitrary: plain }, { weight: 1, arbitrary: spoilt }), { minLength: 1, maxLength: 4 })

/** nghttp2 leaves out, without a word, what is no field (RFC 9113, section 8.2.1). */
const legal = (fields: readonly string[]): string[] => {
  const kept: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [fields[i] as string, fields[i + 1] as string]
    if (!/^:?[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]|^[ \t]|[ \t]$/.test(value)) continue
    // Nor does it show a Host that is no authority.
    if (name === 'host' && !/^[\w!$%&'()*+,\-.:;=[\]~]*$/.test(value)) continue
    kept.push(name, value)
  }
  return kept
}

/** Numbers with more bytes than they need: we take four that go on, nghttp2 five. */
const isLong = (block: Buffer): boolean => /[\x80-\xff]{4}/.test(block.toString('latin1'))

describe(`Header compression beside nghttp2 (STANDIN_SEED=${seed})`, () => {
  it('takes what nghttp2 takes, reads the same from it, and refuses what it refuses (RFC 7541)', { timeout: 3_600_000 }, async () => {
    let read = 0
    let broken = 0
    await fc.assert(
      fc.asyncProperty(blocks, async (sent) => {
        const theirs = await nghttp2Reads(sent)
        const decoder = new HpackDecoder()
        let isBroken = false
        for (const [index, block] of sent.entries()) {
          const list = new HeaderList(64 * 1024, 1_000)
          if (!decoder.decode(block, 0, block.length, list)) {
            isBroken = true
            break
          }
          const taken = theirs.taken.get(index)
          if (taken === undefined) continue
          read++
          expect(legal(list.fields)).toEqual(taken)
        }
        if (isBroken) broken++
        if (isBroken !== theirs.isBroken && sent.some(isLong)) return
        expect(isBroken).toBe(theirs.isBroken)
      }),
      limit,
    )
    expect(read).toBeGreaterThan(10)
    expect(broken).toBeGreaterThan(10)
  })

  it('writes what nghttp2 reads, whatever it says', { timeout: 3_600_000 }, async () => {
    const value = fc.string({
      unit: fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code === 0x7f ? 0x7e : code)),
      maxLength: 300,
    })
    const fields = fc.array(fc.tuple(letters, value), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(fc.array(fields, { minLength: 1, maxLength: 3 }), async (messages) => {
        const pseudo = [':method', 'GET', ':path', '/', ':scheme', 'http', ':authority', 'a']
        const lists = messages.map((message) => [...pseudo, ...message.flatMap(([name, said]) => [`x-${name}`, said])])
        const sent = lists.map((list, index) => Buffer.from((index === 0 ? noDynamicTable : '') + encodeFields(list), 'latin1'))
        const { taken, isBroken } = await nghttp2Reads(sent)
        expect(isBroken).toBe(false)
        for (const [index, list] of lists.entries()) expect(taken.get(index)).toEqual(list)
      }),
      limit,
    )
  })
})
