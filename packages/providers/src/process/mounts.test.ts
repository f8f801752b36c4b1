import { host, stackOf } from '@standin/testing/provider-conformance'
import { describe, expect, it } from 'vitest'
import { mountsOf } from './mounts.ts'

const volume = (source: string, target: string) => ({ kind: 'volume' as const, source, target, readOnly: false })

describe('mountsOf', () => {
  it('puts what is further out first', () => {
    const stack = stackOf(host('web', { mounts: [volume('inner', '/var/data/inner'), volume('outer', 'var/data/')] }))
    expect(mountsOf(stack).map(({ source, target }) => `${source} ${target}`)).toEqual([
      'volumes/outer hosts/web/var/data',
      'volumes/inner hosts/web/var/data/inner',
    ])
  })

  it.each(['..', '../db', '/../../etc', '/', '.', 'a/../..'])('refuses to mount at %s', (target) => {
    const attempt = () => mountsOf(stackOf(host('web', { mounts: [volume('data', target)] })))
    expect(attempt).toThrow(expect.objectContaining({ code: 'blueprint_invalid' }))
  })
})
