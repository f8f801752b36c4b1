import { describe, expect, it } from 'vitest'
import { ChunkedDecoder } from './chunked-decoder.ts'

/** Decodes `text` in pieces of `size` bytes. */
const decode = (text: string, size: number) => {
  const decoder = new ChunkedDecoder()
  const bytes = Buffer.from(text, 'latin1')
  let body = ''
  const sink = {
    onChunkData: (buffer: Buffer, start: number, end: number) => {
      body += buffer.toString('latin1', start, end)
    },
  }
  for (let start = 0; start < bytes.length; start += size) {
    const end = Math.min(bytes.length, start + size)
    const read = decoder.decode(bytes, start, end, sink)
    if (read === -1) return { body, fault: decoder.fault }
    if (decoder.isDone) return { body, rest: text.slice(read), trailers: decoder.trailers }
    expect(read).toBe(end)
  }
  return { body, isDone: decoder.isDone }
}

const whole = 100_000

describe.each([1, 2, 3, 7, whole])('ChunkedDecoder, %i bytes at a time', (size) => {
  it('decodes chunks and says where the body ends (RFC 9112, section 7.1)', () => {
    expect(decode('3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\nHTTP/1.1', size)).toEqual({
      body: 'abc0123456789',
      rest: 'HTTP/1.1',
      trailers: null,
    })
    expect(decode('000000000000003\r\na\r\n\r\n00\r\n\r\n', size)).toEqual({ body: 'a\r\n', rest: '', trailers: null })
    expect(decode('3\r\nab', size)).toEqual({ body: 'ab', isDone: false })
  })

  it('leaves extensions out (RFC 9112, section 7.1.1)', () => {
    expect(decode('3;a;b=1;c="x;\\"\r"\r\nabc\r\n0\r\n\r\n', size)).toEqual({ body: '', fault: 'invalid' })
    expect(decode('3;a;b=1;c="x; \\"y"\r\nabc\r\n0;end\r\n\r\n', size)).toEqual({ body: 'abc', rest: '', trailers: null })
  })

  it('gives the trailers (RFC 9112, section 7.1.2)', () => {
    expect(decode('1\r\na\r\n0\r\nGrpc-Status: 0\r\nX: \r\n\r\nrest', size)).toEqual({
      body: 'a',
      rest: 'rest',
      trailers: ['Grpc-Status', '0', 'X', ''],
    })
  })

  it.each([
    ['no size', '\r\nabc'],
    ['a size with a sign', '+3\r\nabc\r\n0\r\n\r\n'],
    ['a size with a prefix', '0x3\r\nabc\r\n0\r\n\r\n'],
    ['a size that is no hexadecimal number', 'g\r\nabc\r\n0\r\n\r\n'],
    ['a space before the size', ' 3\r\nabc\r\n0\r\n\r\n'],
    ['a space behind the size', '3 \r\nabc\r\n0\r\n\r\n'],
    ['a space before an extension', '3 ;a\r\nabc\r\n0\r\n\r\n'],
    ['a size that ends in a bare LF', '3\nabc\r\n0\r\n\r\n'],
    ['a size that ends in a bare CR', '3\rabc\r\n0\r\n\r\n'],
    ['an extension without a name', '3;\r\nabc\r\n0\r\n\r\n'],
    ['an extension without its value', '3;a=\r\nabc\r\n0\r\n\r\n'],
    ['an extension that is no token', '3;a b\r\nabc\r\n0\r\n\r\n'],
    ['an extension that ends in a bare LF', '3;a\nabc\r\n0\r\n\r\n'],
    ['a bare LF within quotes', '3;a="\n"\r\nabc\r\n0\r\n\r\n'],
    ['something behind quotes', '3;a="b"c\r\nabc\r\n0\r\n\r\n'],
    ['data that is longer than its size', '3\r\nabcd\r\n0\r\n\r\n'],
    ['data that is shorter than its size', '3\r\nab\r\n0\r\n\r\n'],
    ['data that ends in a bare LF', '3\r\nabc\n0\r\n\r\n'],
    ['a length in the trailers (RFC 9110, section 6.5.1)', '0\r\nX: 1\r\ncontent-Length: 5\r\n\r\n'],
    ['a coding in the trailers', '0\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a trailer that is no field line', '0\r\nX\r\n\r\n'],
    ['a trailer that is folded', '0\r\nX: 1\r\n 2\r\n\r\n'],
    ['a trailer that ends in a bare LF', '0\r\nX: 1\n\r\n\r\n'],
    ['a trailer section that begins with a bare LF', '0\r\n\nX: 1\r\n\r\n'],
  ])('refuses %s', (_, text) => {
    expect(decode(text, size)).toMatchObject({ fault: 'invalid' })
  })

  it.each([
    ['a size beyond 2^48', 'fffffffffffff\r\n'],
    ['a size with endless zeros', `${'0'.repeat(17)}\r\n`],
    ['endless extensions', `1;a=${'b'.repeat(5_000)}`],
    ['extensions that are endless together', '1;a=123456789\r\nx\r\n'.repeat(500)],
    ['endless trailers', `0\r\n${'X: 1\r\n'.repeat(3_000)}`],
  ])('takes no %s', (_, text) => {
    expect(decode(text, size)).toMatchObject({ fault: 'too_large' })
  })
})

describe('ChunkedDecoder', () => {
  it('can be used again', () => {
    const decoder = new ChunkedDecoder()
    const sink = { onChunkData: () => {} }
    const bytes = Buffer.from('1;a\r\na\r\n0\r\nX: 1\r\n\r\n')
    for (let i = 0; i < 2_000; i++) {
      decoder.reset()
      expect(decoder.decode(bytes, 0, bytes.length, sink)).toBe(bytes.length)
      expect(decoder.trailers).toEqual(['X', '1'])
    }
    decoder.reset()
    expect(decoder.decode(Buffer.from('x'), 0, 1, sink)).toBe(-1)
    decoder.reset()
    expect(decoder.decode(bytes, 0, bytes.length, sink)).toBe(bytes.length)
  })

  it('gives data as it lies in the buffer, without a copy', () => {
    const bytes = Buffer.from('5\r\nabcde\r\n0\r\n\r\n')
    const seen: unknown[] = []
    new ChunkedDecoder().decode(bytes, 0, 6, { onChunkData: (buffer, start, end) => seen.push([buffer === bytes, start, end]) })
    expect(seen).toEqual([[true, 3, 6]])
  })
})
