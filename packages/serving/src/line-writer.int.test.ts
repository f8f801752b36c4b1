import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { LineWriter } from './line-writer.ts'

const directory = mkdtempSync(join(tmpdir(), 'standin-lines-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** A process that writes `lines` lines to its standard error, 100 a turn, and says how that went. */
const writerProgram = join(directory, 'writer.ts')
writeFileSync(
  writerProgram,
  `import { LineWriter } from ${JSON.stringify(join(import.meta.dirname, 'line-writer.ts'))}
const writer = new LineWriter(2)
const lines = Number(process.argv[2])
let longestTurnMs = 0
for (let i = 0; i < lines; ) {
  const before = performance.now()
  for (const end = i + 100; i < end; i++) writer.write(JSON.stringify({ i, filler: 'x'.repeat(1000) }) + '\\n')
  await new Promise((resolve) => setImmediate(resolve))
  longestTurnMs = Math.max(longestTurnMs, performance.now() - before)
}
const { dropped } = writer
process.stdout.write(JSON.stringify({ dropped, longestTurnMs, heap: process.memoryUsage().heapUsed }) + '\\n')
process.stdin.once('data', async () => {
  writer.write('{"last":true}\\n')
  await writer.end(10_000)
  process.exit(0)
})
`,
)

describe('LineWriter', () => {
  it('writes every line once and in order', async () => {
    const file = join(directory, 'all.log')
    const writer = new LineWriter(openSync(file, 'a'))
    let text = ''
    for (let i = 0; i < 5_000; i++) {
      const line = `${JSON.stringify({ i, text: 'ä'.repeat(i % 90) })}\n`
      text += line
      writer.write(line)
      if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await writer.end(10_000)
    expect(readFileSync(file, 'utf8')).toBe(text)
    writer.write('one more\n')
    writer.endNow()
    expect(readFileSync(file, 'utf8')).toBe(`${text}one more\n`)
  })

  it('neither waits nor grows when nobody reads the pipe, and tells afterwards what is missing', async () => {
    const child = spawn(process.execPath, [writerProgram, '30000'], { stdio: ['pipe', 'pipe', 'pipe'] })
    // Not `exit`, after which there may be more to read.
    const closed = once(child, 'close')
    // 30 MB: nobody has read a byte when this line comes.
    const [told] = (await once(child.stdout, 'data')) as [Buffer]
    const { dropped, longestTurnMs, heap } = JSON.parse(String(told))
    expect(dropped).toBeGreaterThan(10_000)
    expect(longestTurnMs).toBeLessThan(2_000)
    expect(heap).toBeLessThan(100_000_000)
    let text = ''
    child.stderr.on('data', (chunk) => {
      text += chunk
    })
    child.stdin.write('end\n')
    expect(await closed).toEqual([0, null])
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const kept = lines.filter((line) => line.i !== undefined).map((line) => line.i)
    expect(kept).toEqual(kept.toSorted((a, b) => a - b))
    expect(kept.length + lines.find((line) => line.level === 40).lines).toBe(30_000)
    expect(lines.at(-1)).toMatchObject(lines.at(-1).last === true ? { last: true } : { level: 40 })
  })

  it.runIf(existsSync('/dev/full'))('goes on when the disk is full', async () => {
    const full = openSync('/dev/full', 'a')
    const child = spawn(process.execPath, [writerProgram, '20000'], { stdio: ['pipe', 'pipe', full] })
    const [told] = (await once(child.stdout as Readable, 'data')) as [Buffer]
    expect(JSON.parse(String(told)).dropped).toBeGreaterThan(5_000)
    child.kill('SIGKILL')
    await once(child, 'exit')
  })

  it('outlives the reader of its pipe', async () => {
    const child = spawn(process.execPath, [writerProgram, '1000'], { stdio: ['pipe', 'pipe', 'pipe'] })
    const exited = once(child, 'exit')
    child.stderr.destroy()
    await once(child.stdout, 'data')
    child.stdin.write('end\n')
    expect(await exited).toEqual([0, null])
  })
})
