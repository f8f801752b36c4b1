import { describe, expect, it } from 'vitest'
import { HeaderList, HpackDecoder } from './hpack-decoder.ts'
import { encodeFields, encodeStatus, noDynamicTable } from './hpack-encoder.ts'

const read = (decoder: HpackDecoder, hex: string, list = new HeaderList(64 * 1024, 100)): string[] | null => {
  const block = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  return decoder.decode(block, 0, block.length, list) ? list.fields : null
}

describe('HpackDecoder', () => {
  it('reads requests one after the other, with Huffman codes and a table that grows (RFC 7541, appendix C.4)', () => {
    const decoder = new HpackDecoder()
    const first = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com']
    expect(read(decoder, '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')).toEqual(first)
    expect(read(decoder, '8286 84be 5886 a8eb 1064 9cbf')).toEqual([...first, 'cache-control', 'no-cache'])
    expect(read(decoder, '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf')).toEqual([
      ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html', ':authority', 'www.example.com'],
      ...['custom-key', 'custom-value'],
    ])
  })

  it('forgets the oldest entries where the table is full (RFC 7541, section 4.4)', () => {
    const decoder = new HpackDecoder()
    const entry = (letter: string) => `40 01 ${Buffer.from(letter).toString('hex')} 7f e906 ${'61'.repeat(1_000)}`
    for (const letter of 'abc') expect(read(decoder, entry(letter))?.[0]).toBe(letter)
    expect(read(decoder, 'c0')?.[0]).toBe('a')
    expect(read(decoder, entry('d'))?.[0]).toBe('d')
    expect(read(decoder, 'be bf c0')?.filter((_, i) => i % 2 === 0)).toEqual(['d', 'c', 'b'])
    expect(read(decoder, 'c1')).toBeNull()
    // None of them fits a table of 128 bytes.
    expect(read(decoder, '3f 61')).toEqual([])
    expect(read(decoder, 'be')).toBeNull()
  })

  it.each([
    ['index 0', '80'],
    ['an index beyond both tables', 'be'],
    ['an index that never ends', 'ff ff ff ff ff ff ff ff'],
    ['a name that is cut off', '00 05 61'],
    ['a value that is cut off', '00 01 61 05 62'],
    ['a literal without a value', '00 01 61'],
    ['the end-of-string symbol in a text', '00 01 61 84 ff ff ff ff'],
    ['a text padded with zeros', '00 01 61 81 18'],
    ['a text padded with a whole byte', '00 01 61 82 1f ff'],
    ['a table larger than ours', '3f e2 1f'],
    ['another size of the table behind a field', '82 20'],
  ])('takes no block with %s (RFC 7541, sections 4.2, 5.1, 5.2 and 6.1)', (_, hex) => {
    expect(read(new HpackDecoder(), hex)).toBeNull()
  })

  it('counts what is beyond the limit and does not keep it: a few bytes can stand for a long list', () => {
    const decoder = new HpackDecoder()
    expect(read(decoder, `40 01 61 7f 81 1e ${'61'.repeat(127 + 3_841)}`)?.length).toBe(2)
    const list = new HeaderList(64 * 1024, 1_000)
    expect(read(decoder, 'be'.repeat(10_000), list)).not.toBeNull()
    expect(list.isTooLarge).toBe(true)
    expect(list.fields.length).toBeLessThan(40)
  })

  it('never fails otherwise, whatever it is given', () => {
    let state = 7
    const random = () => {
      state = (state * 1_103_515_245 + 12_345) % 0x7fffffff
      return state >>> 8
    }
    for (let run = 0; run < 3_000; run++) {
      const block = Buffer.from(Array.from({ length: random() % 60 }, () => random() & 0xff))
      const list = new HeaderList(1_000, 10)
      new HpackDecoder().decode(block, 0, block.length, list)
      expect(list.fields.length % 2).toBe(0)
    }
  })

  it('reads what we write: names in lower case, values as they are', () => {
    const value = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('')
    const text =
      noDynamicTable + encodeStatus(200) + encodeStatus(299) + encodeFields(['Content-Type', value, 'Set-Cookie', '', 'X-Y', 'z'])
    expect(read(new HpackDecoder(), Buffer.from(text, 'latin1').toString('hex'))).toEqual([
      ...[':status', '200', ':status', '299', 'content-type', value, 'set-cookie', '', 'x-y', 'z'],
    ])
  })
})
