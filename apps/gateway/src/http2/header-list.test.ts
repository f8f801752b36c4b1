import { describe, expect, it } from 'vitest'
import { readRequestHead } from './header-list.ts'

const head = (more: { method?: string; path?: string }) =>
  readRequestHead([':method', more.method ?? 'GET', ':scheme', 'https', ':path', more.path ?? '/', ':authority', 'www-1001.test'], true)

describe('the head of a request over HTTP/2', () => {
  it.each(['head', 'Get', 'BREW', 'GET ', 'GET / HTTP/1.1\r\nX: y'])(
    'has a method that is known over HTTP/1 as well, and in capitals (RFC 9110, section 9.1): not %j',
    (method) => expect(head({ method })).toBeNull(),
  )

  it.each(['/a#b', '/#', '#', '/a b', '/a\r\nX: y', '/\0', '/\xe9', 'a', ''])(
    'has a path and a query and nothing else (RFC 9113, section 8.3.1): not %j',
    (path) => expect(head({ path })).toBeNull(),
  )

  it('keeps any other path as it is', () => {
    for (const path of ['/', '//x', '/a%23b?c=%0d%0a', '/?a?b', '/{}|^`"<>']) expect(head({ path })?.target).toBe(path)
  })
})
