import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readStickyKey } from './sticky-key.ts'

describe('the key of sticky cookies', () => {
  let home = ''
  const warnings: string[] = []
  const log = { warn: (_: unknown, text?: string) => void warnings.push(text ?? '') }
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'standin-sticky-'))
  })
  afterEach(() => rmSync(home, { recursive: true }))

  it('is made once, for this user alone, and is the same from then on', () => {
    const key = readStickyKey(home, log)
    expect(key).toHaveLength(32)
    expect(readStickyKey(home, log)).toEqual(key)
    expect(statSync(join(home, 'gateway', 'sticky.key')).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(home, 'gateway'))).toEqual(['sticky.key'])
  })

  it('is made anew where the file is damaged', () => {
    readStickyKey(home, log)
    writeFileSync(join(home, 'gateway', 'sticky.key'), 'short')
    expect(readStickyKey(home, log)).toHaveLength(32)
  })

  it('is one for this process where it can not be kept, and that is said', () => {
    writeFileSync(join(home, 'gateway'), 'a file where the directory would be')
    expect(readStickyKey(home, log)).toHaveLength(32)
    expect(warnings).toHaveLength(1)
  })
})
