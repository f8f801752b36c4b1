import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { Event } from '@standin/client'
import { afterEach, expect, it } from 'vitest'
import { quietTimes, useByLog } from './fixtures/use-by-log.ts'
import { minuteMs, type UsageSpan } from './usage-span.ts'

const rounds = Number(process.env.STANDIN_KILLS ?? 4)
const program = resolve(import.meta.dirname, 'fixtures/metered-control.ts')
const home = mkdtempSync(join(tmpdir(), 'standin-killed-'))
let child: ChildProcess | undefined
afterEach(() => {
  child?.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

/** @param onLine each line that it prints @returns the process, once it has printed so many */
async function run(at: string, mode: 'go' | 'end', lines: number, onLine: (line: string) => void): Promise<ChildProcess> {
  const begun = spawn(process.execPath, [program, home, at, mode], { stdio: ['ignore', 'pipe', 'pipe'] })
  child = begun
  let complaints = ''
  begun.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk
  })
  const spoken = Promise.withResolvers<void>()
  let seen = 0
  createInterface({ input: begun.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    onLine(line)
    seen += 1
    if (seen === lines) spoken.resolve()
  })
  begun.once('exit', (code) => spoken.reject(new Error(`it ended with ${code}: ${complaints}`)))
  await spoken.promise
  return begun
}

it(`loses no minute and bills none twice where control is killed ${rounds} times in the middle of it`, { timeout: 300_000 }, async () => {
  const begin = '2026-10-31T20:00:00.000Z'
  let at = begin
  for (let round = 0; round < rounds; round++) {
    const running = await run(at, 'go', 4 + Math.floor(Math.random() * 16), (line) => {
      at = line
    })
    await pause(Math.random() * 30)
    const ended = once(running, 'exit')
    running.kill('SIGKILL')
    await ended
  }
  let told = ''
  const last = await run(at, 'end', 1, (line) => {
    told = line
  })
  if (last.exitCode === null) await once(last, 'exit')
  const { now, events, spans } = JSON.parse(told) as { now: number; events: Event[]; spans: UsageSpan[] }

  const billed = new Map<string, string>()
  for (const { environment, from, to, svms, storageBytes, owner } of spans) {
    for (let minute = from / minuteMs; minute < (to ?? 0) / minuteMs; minute++) {
      const key = `${environment} ${minute}`
      if (environment !== null) expect(billed.has(key), key).toBe(false)
      billed.set(key, `${svms} ${storageBytes / 2 ** 20} ${owner}`)
    }
  }
  const ids = new Set(events.flatMap(({ environment }) => environment ?? []))
  expect(ids.size).toBeGreaterThan(3)
  let ran = 0
  for (const id of ids) {
    for (const [first, end] of quietTimes(events, Date.parse(begin) / minuteMs, Math.floor(now / minuteMs))) {
      const { svms, mebibytes, owner } = useByLog(events, id, first)
      const expected = owner === '' ? undefined : `${svms} ${mebibytes} ${owner}`
      for (let minute = first; minute < end; minute++) {
        if (billed.get(`${id} ${minute}`) !== expected)
          expect(`${id} ${minute} ${billed.get(`${id} ${minute}`)}`).toBe(`${id} ${minute} ${expected}`)
        ran += svms
      }
    }
  }
  expect(ran).toBeGreaterThan(0)
})
