import { describe, expect, it } from 'vitest'
import { ignorePatterns, ignoreRules } from './ignore-rules.ts'

describe('ignoreRules', () => {
  it.each<[string, string, boolean]>([
    ['node_modules', 'node_modules/a/b.js', true],
    ['node_modules', 'sub/node_modules/a.js', false],
    ['**/node_modules', 'sub/node_modules/a.js', true],
    ['**/node_modules', 'node_modules', true],
    ['/dist/', 'dist/a', true],
    ['*.log', 'a.log', true],
    ['*.log', 'sub/a.log', false],
    ['**/*.log', 'sub/deep/a.log', true],
    ['?.txt', 'a.txt', true],
    ['?.txt', 'ab.txt', false],
    ['*.md\n!README.md', 'README.md', false],
    ['*.md\n!README.md', 'NOTES.md', true],
    ['!README.md\n*.md', 'README.md', true],
    ['# *.md', 'a.md', false],
    ['a.b', 'aXb', false],
    ['a+(b)', 'a+(b)', true],
    ['', 'a', false],
    ['secret', 'secrets', false],
  ])('%j on %s: %s', (patterns, path, ignored) => {
    expect(ignoreRules(ignorePatterns(patterns))(path)).toBe(ignored)
  })
})
