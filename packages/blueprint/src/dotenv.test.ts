import { describe, expect, it } from 'vitest'
import { parseDotenv, parseRawDotenv } from './dotenv.ts'

const read = (text: string) => Object.fromEntries(parseDotenv(text, (name) => ({ OUTER: 'out' })[name]).values)

describe('parseDotenv', () => {
  it.each<[string, Record<string, string>]>([
    ['A=1', { A: '1' }],
    ['export A=1', { A: '1' }],
    ['  A = 1  ', { A: '1' }],
    ['A=', { A: '' }],
    ['A=1 # note', { A: '1' }],
    ['A=1#2', { A: '1#2' }],
    ['# note\n\nA=1', { A: '1' }],
    ['A=#note', { A: '' }],
    ["A='$OUTER # x'", { A: '$OUTER # x' }],
    ['A="$OUTER # x" # y', { A: 'out # x' }],
    ['A="a\\nb\\t\\"c\\" \\$OUTER"', { A: 'a\nb\t"c" $OUTER' }],
    ['A="a\nb"\nB=2', { A: 'a\nb', B: '2' }],
    ['A=1\nB=${A}2\nC=${NONE:-x}', { A: '1', B: '12', C: 'x' }],
    ['OUTER', { OUTER: 'out' }],
    ['NONE', {}],
    ['A=1\r\nB=2\r\n', { A: '1', B: '2' }],
    ['\uFEFFA=1', { A: '1' }],
    ['A=a=b', { A: 'a=b' }],
  ])('%j', (text, values) => {
    expect(read(text)).toEqual(values)
  })

  it('says where a line is wrong', () => {
    const { faults } = parseDotenv('A=1\n  not a variable\nB="open\n=x', () => undefined)
    expect(faults).toEqual([
      { line: 2, column: 3, message: 'this is not NAME=value' },
      { line: 3, column: 3, message: 'the quote " is never closed' },
      { line: 4, column: 1, message: 'this is not NAME=value' },
    ])
  })

  it('takes raw values as they stand', () => {
    expect(Object.fromEntries(parseRawDotenv('A="$B" # x\n#c\nC=').values)).toEqual({ A: '"$B" # x', C: '' })
  })
})
