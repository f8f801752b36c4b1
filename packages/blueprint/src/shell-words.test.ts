import { describe, expect, it } from 'vitest'
import { splitShellWords } from './shell-words.ts'

describe('splitShellWords', () => {
  it.each([
    ['node server.mjs', ['node', 'server.mjs']],
    ['  a\t b \n c ', ['a', 'b', 'c']],
    ['a "b c" \'d "e"\'', ['a', 'b c', 'd "e"']],
    ['a b\\ c', ['a', 'b c']],
    ['"a\\"b" \'a\\b\' "a\\b"', ['a"b', 'a\\b', 'a\\b']],
    ['a "" \'\'', ['a', '', '']],
    ['--x="1 2"', ['--x=1 2']],
    ['sh -c "a && b | c"', ['sh', '-c', 'a && b | c']],
    ['echo $HOME', ['echo', '$HOME']],
    ['', []],
  ])('%j', (text, words) => {
    expect(splitShellWords(text)).toEqual({ words })
  })

  it.each(['a && b', 'a; b', 'a | b', 'a > b', '`a`', "a 'b", 'a "b', 'a \\'])('refuses %j', (text) => {
    expect(splitShellWords(text)).toHaveProperty('error')
  })
})
