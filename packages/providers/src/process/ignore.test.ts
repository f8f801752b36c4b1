import { describe, expect, it } from 'vitest'
import { isIgnored, mayHoldTaken } from './ignore.ts'

describe('isIgnored', () => {
  it.each([
    ['node_modules', ['node_modules'], true],
    ['src/node_modules', ['node_modules'], false],
    ['src/node_modules', ['**/node_modules'], true],
    ['debug.log', ['*.log', '!debug.log'], false],
    ['.git', ['/.git/'], true],
    ['.env', ['*'], true],
    ['', ['**'], false],
    ['node_modules/a/b.js', ['node_modules'], true],
    ['build/keep/file', ['build', '!build/keep'], false],
    ['a+b(1).txt', ['a+b(?).txt'], true],
    ['file7', ['file[0-9]'], true],
    ['docs/deep/er/x.md', ['docs/**/*.md'], true],
    ['docs/x.md', ['docs/**/*.md'], true],
  ])('%s by %j: %s', (path, patterns, expected) => {
    expect(isIgnored(path, patterns)).toBe(expected)
  })

  it('enters what is left out only where something of it may be taken back', () => {
    expect(mayHoldTaken('node_modules', ['node_modules'])).toBe(false)
    expect(mayHoldTaken('build', ['build', '!build/keep'])).toBe(true)
    expect(mayHoldTaken('dist', ['build', 'dist', '!build/keep'])).toBe(false)
  })
})
