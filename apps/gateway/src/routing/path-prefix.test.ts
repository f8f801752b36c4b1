import { describe, expect, it } from 'vitest'
import { hasDotSegment, isBelow, toPrefix } from './path-prefix.ts'

describe('isBelow', () => {
  it.each(['/api', '/api/', '/api/x', '/api?x=1', '/api?', '/api//x', '/api/%2F'])('finds %s below /api', (path) => {
    expect(isBelow('/api', path)).toBe(true)
  })
  it.each(['/', '/ap', '/apix', '/API/x', '//api', '/x/api', '/%61pi', '/api%2Fx', '/api;x', '/?/api'])(
    'does not find %s below /api',
    (path) => {
      expect(isBelow('/api', path)).toBe(false)
    },
  )
  it('finds everything below the empty prefix', () => {
    for (const path of ['/', '/x', '//x', '/?x']) expect(isBelow('', path)).toBe(true)
  })
})

describe('toPrefix', () => {
  it.each([
    [undefined, ''],
    ['/', ''],
    ['//', ''],
    ['/api', '/api'],
    ['/api/', '/api'],
    ['/api/v1//', '/api/v1'],
  ])('makes %s to %j', (path, prefix) => expect(toPrefix(path)).toBe(prefix))
})

describe('hasDotSegment', () => {
  it.each(['/..', '/api/../x', '/api/..', '/./x', '/api/.', '/api/%2e%2E/x', '/api/.%2e', '/api/%2e', '/a/..?x'])(
    'sees that of %s',
    (path) => {
      expect(hasDotSegment(path)).toBe(true)
    },
  )
  it.each(['/', '/...', '/.well-known/x', '/a..b', '/..a', '/a/%2e%2e%2Fx', '/x?/../y', '/.%2e.'])('sees none in %s', (path) => {
    expect(hasDotSegment(path)).toBe(false)
  })
})
