import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readLogs } from '../logs.ts'
import { LogFile, logLimits } from './log-file.ts'

describe('LogFile', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'standin-log-'))
  })
  afterEach(() => rmSync(dir, { recursive: true }))
  const written = async (lines: number, name = 'web-1.log') =>
    vi.waitFor(() => expect(readFileSync(join(dir, name), 'utf8').trimEnd().split('\n')).toHaveLength(lines), {
      timeout: 10_000,
    })

  it('cuts what comes in pieces into lines, and keeps a last one without its end', async () => {
    const log = new LogFile(join(dir, 'web-1.log'), () => 5)
    const sink = log.lines('stdout')
    const text = Buffer.from('grün\r\nzweite\n\nletzte')
    for (let at = 0; at < text.length; at += 3) sink.write(text.subarray(at, at + 3))
    sink.end()
    await written(4)
    expect(readFileSync(join(dir, 'web-1.log'), 'utf8')).toBe('5 o grün\n5 o zweite\n5 o \n5 o letzte\n')
    expect(log.recent).toEqual(['grün', 'zweite', '', 'letzte'])
  })

  it('splits a line that is too long', async () => {
    const log = new LogFile(join(dir, 'web-1.log'))
    const sink = log.lines('stderr')
    sink.write(Buffer.alloc(logLimits.lineLength * 2 + 10, 'x'))
    sink.end()
    await written(3)
  })

  it('rotates, and what is read is all that was kept, in order', async () => {
    const log = new LogFile(join(dir, 'web-1.log'))
    const line = 'y'.repeat(4000)
    for (let n = 0; n < 40_000 && !readdirSync(dir).includes('web-1.log.2'); ) {
      // Not faster than it can be written: what is too much is dropped.
      for (let k = 0; k < 200; k++) log.append('stdout', `${n++} ${line}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const numbers: number[] = []
    for await (const read of readLogs(dir, [{ host: 'web', name: 'web-1' }], {})) {
      if (read.stream === 'stdout') numbers.push(Number.parseInt(read.line, 10))
    }
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(numbers.length).toBeGreaterThan(2000)
  })

  it('is read once each where files are renamed meanwhile', async () => {
    const path = join(dir, 'web-1.log')
    writeFileSync(path, '2 o new\n')
    // As it is found in the middle of a rotation: the current file under its next name, nothing under that of the one before.
    linkSync(path, `${path}.1`)
    writeFileSync(`${path}.3`, '1 o old\n')
    const lines: string[] = []
    for await (const { line } of readLogs(dir, [{ host: 'web', name: 'web-1' }], {})) lines.push(line)
    expect(lines).toEqual(['old', 'new'])
  })

  it('does without the disk, and says how much is missing', async () => {
    const log = new LogFile(join(dir, 'not-there/web-1.log'))
    log.append('stdout', 'lost')
    await new Promise((resolve) => setTimeout(resolve, 20))
    log.append('stdout', 'lost too')
    expect(log.recent).toEqual(['lost', 'lost too'])
  })
})
