import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readStickyKey } from './sticky-key.ts'

describe('the key of sticky cookies', () => {
  let home = ''
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'standin-sticky-'))
  })
  afterEach(() => rmSync(home, { recursive: true }))

  it('is made once, for this user alone, and is the same from then on', () => {
    const key = readStickyKey(home)
    expect(key).toHaveLength(32)
    expect(readStickyKey(home)).toEqual(key)
    expect(statSync(join(home, 'gateway', 'sticky.key')).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(home, 'gateway'))).toEqual(['sticky.key'])
  })

  it('is made anew where the file is damaged', () => {
    readStickyKey(home)
    writeFileSync(join(home, 'gateway', 'sticky.key'), 'short')
    expect(readStickyKey(home)).toHaveLength(32)
  })
})
