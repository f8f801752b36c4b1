import { describe, expect, it } from 'vitest'
import { parseFieldLines } from './field-lines.ts'

const parse = (lines: string) => parseFieldLines(`before${lines}\r\nafter`, 6, 6 + lines.length)

describe('parseFieldLines', () => {
  it('gives names and values in turn, in their order and case', () => {
    expect(parse('Host: a\r\nX-b:\t 1 2 \t\r\nx-B:3\r\n')).toEqual(['Host', 'a', 'X-b', '1 2', 'x-B', '3'])
    expect(parse('X-Empty:\r\nX-Blank: \t \r\n')).toEqual(['X-Empty', '', 'X-Blank', ''])
    expect(parse('X: caf\u00e9\r\n')).toEqual(['X', 'caf\u00e9'])
    expect(parse('')).toEqual([])
  })

  it.each([
    ['a space before the colon (RFC 9112, section 5.1)', 'X : 1\r\n'],
    ['a folded line (RFC 9112, section 5.2)', 'X: 1\r\n 2\r\n'],
    ['a folded first line', ' X: 1\r\n'],
    ['a line without a colon', 'X\r\n'],
    ['an empty name', ': 1\r\n'],
    ['a name that is no token (RFC 9110, section 5.1)', 'X(y): 1\r\n'],
    ['a name with bytes beyond ASCII', 'X\u00e9: 1\r\n'],
    ['a bare CR (RFC 9112, section 2.2)', 'X: 1\rY: 2\r\n'],
    ['a bare LF', 'X: 1\nY: 2\r\n'],
    ['a bare LF at the end', 'X: 1\n'],
    ['a NUL (RFC 9110, section 5.5)', 'X: a\0b\r\n'],
    ['a control character', 'X: a\x0bb\r\n'],
    ['DEL', 'X: a\x7fb\r\n'],
    ['no end of line', 'X: 1'],
    ['half an end of line', 'X: 1\r'],
    ['an empty line within', 'X: 1\r\n\r\nY: 2\r\n'],
  ])('refuses %s', (_, lines) => {
    expect(parse(lines)).toBeNull()
  })
})
