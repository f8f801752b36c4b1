import { describe, expect, it } from 'vitest'
import { normaliseHost } from './host-name.ts'

describe('normaliseHost', () => {
  it.each([
    ['www-1001.test-envs.localhost', 'www-1001.test-envs.localhost'],
    ['WWW-1001.Test-Envs.LocalHost', 'www-1001.test-envs.localhost'],
    ['www-1001.test-envs.localhost.', 'www-1001.test-envs.localhost'],
    ['www-1001.test-envs.localhost.:8080', 'www-1001.test-envs.localhost'],
    ['a:80', 'a'],
    ['a:', 'a'],
    ['127.0.0.1:8080', '127.0.0.1'],
    ['[::1]:8080', '[::1]'],
    ['[FE80::1]', '[fe80::1]'],
  ])('takes %j as %j', (value, expected) => {
    expect(normaliseHost(value)).toBe(expected)
  })

  it.each([
    '',
    '.',
    ':80',
    'a,b',
    'a, b',
    'user@a',
    'user:pw@a',
    'a/b',
    'a:80x',
    'a:80:80',
    'a:123456',
    'a b',
    'a\tb',
    '[::1',
    '[::1]x',
    '[zz]',
    '.a',
    'a%41',
    'a\u00e9',
    `${'a'.repeat(254)}`,
    'http://a',
    'a?b',
    'a#b',
    '*',
  ])('refuses %j', (value) => {
    expect(normaliseHost(value)).toBeNull()
  })
})
