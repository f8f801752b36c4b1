import fc from 'fast-check'

/** Messages of HTTP/1 for fuzzing, latin1: mostly sound ones, some with tricks in them, some broken anywhere. */

/** What parsers are known to stumble over. */
const tricks = [
  '\r', '\n', '\r\n', '\r\n\r\n', '\n\n', '\0', '\x0b', '\x0c', '\t', ' ', '  ', ':', ' :', ',', ';', '"', '\\', '@', '#', '?', '*', '+', '-', '0', '00', '0x',
  '1', 'f', 'F', '\x7f', '\x80', '\xff', '\xa0', 'chunked', 'Chunked', 'identity', 'close', 'keep-alive', 'upgrade', 'Content-Length', 'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n', 'Transfer-Encoding:', 'Connection: close\r\n', 'Upgrade: websocket\r\n', 'Expect: 100-continue\r\n', 'Trailer: X\r\n', '0\r\n\r\n', '3\r\nabc\r\n', 'HTTP/1.1', 'HTTP/1.0',
  'HTTP/2.0', 'GET / HTTP/1.1\r\n', 'HTTP/1.1 200 OK\r\n', '99999999999999999999', 'ffffffffffffffff',
] // biome-ignore format: it is a list of bits

const token = fc.constantFrom('X-A', 'x-b', 'Accept', 'Cookie', 'Keep-Alive', 'TE', 'Trailer', 'Via', "!#$%&'*+-.^_`|~0aZ")
const value = fc.oneof(
  fc.constantFrom('', '1', 'a b', 'a,b', ' a', 'a ', '\ta\t', 'text/plain; q="a\\"b"', 'caf\xe9', ':', 'close', 'chunked', '3'),
  fc.string({ unit: fc.constantFrom(...'abc,;="\t \xe4'), maxLength: 12 }),
)
const field = fc
  .tuple(token, fc.constantFrom(':', ': ', ':\t', ':  '), value)
  .map(([name, separator, text]) => `${name}${separator}${text}\r\n`)
const connectionField = fc.constantFrom(
  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  'connection: Keep-Alive, X-A\r\n',
  'Connection: x, CLOSE\r\n',
  'Connection: upgrade\r\nUpgrade: websocket\r\n',
  'Upgrade: h2c\r\n',
  'Expect: 100-continue\r\n',
  'Proxy-Connection: close\r\n',
)
const fields = fc.array(fc.oneof({ weight: 4, arbitrary: field }, { weight: 1, arbitrary: connectionField }), { maxLength: 5 })

const data = fc.string({ unit: fc.constantFrom(...'ab0\r\n:G \xff'), maxLength: 20 })
const extension = fc.constantFrom('', '', '', ';a', ';a=b', ';a="b;\\"c"', ';a;b=1')
const chunk = fc
  .tuple(data, extension, fc.constantFrom('', '0', '000'), fc.boolean())
  .filter(([text]) => text.length > 0)
  .map(([text, more, zeros, upper]) => {
    const size = text.length.toString(16)
    return `${zeros}${upper ? size.toUpperCase() : size}${more}\r\n${text}\r\n`
  })
const trailers = fc.constantFrom('', '', 'X-T: 1\r\n', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\nX: \r\n')
const chunked = fc
  .tuple(fc.array(chunk, { maxLength: 3 }), extension, trailers)
  .map(([chunks, more, last]) => `${chunks.join('')}0${more}\r\n${last}\r\n`)

/** A framing header and the body that it announces. */
const framed = fc.oneof(
  fc.constant(['', ''] as const),
  data.map((text) => [`Content-Length: ${text.length}\r\n`, text] as const),
  fc.tuple(fc.constantFrom('Transfer-Encoding: chunked\r\n', 'transfer-encoding:CHUNKED \r\n'), chunked),
)
/** Framing headers that say something questionable. */
const questionable = fc.tuple(
  fc.constantFrom(
    'Content-Length: 3\r\nContent-Length: 3\r\n',
    'Content-Length: 3, 3\r\n',
    'Content-Length: +3\r\n',
    'Content-Length: 0x3\r\n',
    'Content-Length: 3 \r\n',
    'Content-Length:\r\n',
    'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
    'Transfer-Encoding: gzip, chunked\r\n',
    'Transfer-Encoding: chunked, identity\r\n',
    'Transfer-Encoding: identity\r\n',
    'Transfer-Encoding : chunked\r\n',
    'Transfer-Encoding: \x0bchunked\r\n',
    'Transfer-Encoding:\r\n chunked\r\n',
    ' Transfer-Encoding: chunked\r\n',
    'Transfer_Encoding: chunked\r\n',
    'Content-Length: 99999999999999999999\r\n',
    'Content-Length: 003\r\n',
    'Transfer-Encoding: chunked;a=b\r\n',
    'Transfer-Encoding: ,chunked\r\n',
  ),
  fc.oneof(data, chunked, fc.constant('abc')),
)
const framing = fc.oneof({ weight: 4, arbitrary: framed }, { weight: 1, arbitrary: questionable })

const message = (firstLine: fc.Arbitrary<string>) =>
  fc
    .tuple(firstLine, fields, framing, fields)
    .map(([line, before, [header, body], after]) => `${line}\r\n${before.join('')}${header}${after.join('')}\r\n${body}`)

const requestLine = fc
  .tuple(
    fc.constantFrom(
      'GET',
      'GET',
      'POST',
      'PUT',
      'DELETE',
      'HEAD',
      'OPTIONS',
      'PATCH',
      'M-SEARCH',
      'QUERY',
      'get',
      'PRI',
      'CONNECT',
      'FOO',
      '',
    ),
    fc.constantFrom(' ', ' ', ' ', ' ', ' ', ' ', '  ', '\t'),
    fc.constantFrom(
      '/',
      '/',
      '/',
      '/a?b=c',
      '/%00',
      '//a//b',
      '/\xe4',
      '/a\\b',
      '/#a',
      'http://a/',
      'http://a\\@b',
      'http://',
      'HTTPS://a:1?b',
      '*',
      'a:1',
      '',
      '/a b',
    ),
    fc.constantFrom(
      ' HTTP/1.1',
      ' HTTP/1.1',
      ' HTTP/1.1',
      ' HTTP/1.1',
      ' HTTP/1.0',
      ' HTTP/1.2',
      ' HTTP/2.0',
      ' HTTP/0.9',
      ' http/1.1',
      ' HTTP/1.1 ',
      '',
      ' HTTP/1.10',
    ),
  )
  .map((parts) => parts.join(''))
const plainRequestLine = fc.constantFrom('GET / HTTP/1.1', 'POST /a HTTP/1.1', 'DELETE http://a/b HTTP/1.1', 'PUT / HTTP/1.0')

const statusLine = fc
  .tuple(
    fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/1.2', 'http/1.1', 'HTTP/11'),
    fc.constantFrom(' ', ' ', ' ', ' ', ' ', '  ', '\t', ''),
    fc.constantFrom('200', '200', '200', '204', '304', '404', '500', '100', '103', '101', '099', '600', '20', '2000', '2x0', ''),
    fc.constantFrom(' OK', ' OK', ' OK', ' ', '', ' Not found \xe4', ' a\tb', ' \x01', '\rOK'),
  )
  .map((parts) => parts.join(''))
const plainStatusLine = fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.1 404 Not Found', 'HTTP/1.0 200 OK', 'HTTP/1.1 200 ')

/** One change somewhere in a text. */
const edit = fc.tuple(
  fc.constantFrom('insert', 'replace', 'delete', 'repeat'),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(...tricks),
  fc.nat(12),
)
const edited = (text: string, [kind, where, trick, length]: [string, number, string, number]): string => {
  const at = Math.floor(where * text.length)
  const before = text.slice(0, at)
  if (kind === 'insert') return before + trick + text.slice(at)
  if (kind === 'replace') return before + trick + text.slice(at + trick.length)
  if (kind === 'delete') return before + text.slice(at + length)
  return before + text.slice(at, at + length) + text.slice(at)
}
const broken = (texts: fc.Arbitrary<string>) =>
  fc.tuple(texts, fc.array(edit, { minLength: 1, maxLength: 3 })).map(([text, edits]) => edits.reduce(edited, text))

/** What a client may send on one connection: up to three requests, or what was meant to be some. */
export const requestTexts: fc.Arbitrary<string> = (() => {
  const plain = message(plainRequestLine)
  const several = fc.array(fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: message(requestLine) }), {
    minLength: 1,
    maxLength: 3,
  })
  const joined = several.map((texts) => texts.join(''))
  return fc.oneof(joined, broken(joined))
})()

/** What an endpoint may answer one request with. */
export const responseTexts: fc.Arbitrary<string> = (() => {
  const one = fc.oneof({ weight: 3, arbitrary: message(plainStatusLine) }, { weight: 1, arbitrary: message(statusLine) })
  return fc.oneof(one, broken(one))
})()

/** Where to cut a text of so many bytes: fractions, any number of them. */
export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 })

/** The text in pieces, cut at these fractions of its length. */
export const pieces = (text: string, fractions: readonly number[]): string[] => {
  const at = [0, ...fractions.map((fraction) => Math.floor(fraction * text.length)).toSorted((a, b) => a - b), text.length]
  return at
    .slice(1)
    .map((end, index) => text.slice(at[index], end))
    .filter((piece) => piece !== '')
}
