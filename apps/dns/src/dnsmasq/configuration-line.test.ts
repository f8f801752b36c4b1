import { describe, expect, it } from 'vitest'
import { fieldsOf, readLine } from './configuration-line.ts'

const read = (line: string) => {
  const directive = readLine(line, { file: 'f', line: 1 })
  return directive && [directive.option, directive.value === undefined ? undefined : fieldsOf(directive.value)]
}

describe("a line of dnsmasq's file", () => {
  it.each([
    ['no-hosts', ['no-hosts', undefined]],
    ['  address = /d/10.0.0.1  ', ['address', ['/d/10.0.0.1']]],
    ['address=/d/# # the null address', ['address', ['/d/#']]],
    ['txt-record=a,x#y', ['txt-record', ['a', 'x#y']]],
    ['txt-record=a,"x # y, z"', ['txt-record', ['a', 'x # y, z']]],
    ['txt-record=a,"say \\"hi\\"\\t\\\\"', ['txt-record', ['a', 'say "hi"\t\\']]],
    ['"no-hosts"', ['no-hosts', undefined]],
    ['host-record= a , 10.0.0.1 ', ['host-record', ['a', '10.0.0.1']]],
  ])('is taken apart: %s', (line, expected) => {
    expect(read(line)).toEqual(expected)
  })

  it.each(['', '   ', '# all of it', '  # after blanks'])('may say nothing: "%s"', (line) => {
    expect(read(line)).toBeUndefined()
  })

  it('has to close its quotes', () => {
    expect(() => read('txt-record=a,"b')).toThrow('a quote is not closed')
  })
})
