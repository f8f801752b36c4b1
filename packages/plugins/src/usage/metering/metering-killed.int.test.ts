import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Event } from '@standin/client'
import { TalkingProcess } from '@standin/testing'
import { afterEach, expect, it } from 'vitest'
import { quietTimes, useByLog } from './fixtures/use-by-log.ts'
import { minuteMs, type UsageSpan } from './usage-span.ts'

const rounds = Number(process.env.STANDIN_KILLS ?? 4)
const program = resolve(import.meta.dirname, 'fixtures/metered-control.ts')
const home = mkdtempSync(join(tmpdir(), 'standin-killed-'))
let running: TalkingProcess | undefined
afterEach(async () => {
  await running?.kill()
  rmSync(home, { recursive: true, force: true })
})

it(`loses no minute and bills none twice where control is killed ${rounds} times in the middle of it`, { timeout: 300_000 }, async () => {
  const begin = '2026-10-31T20:00:00.000Z'
  let at = begin
  for (let round = 0; round < rounds; round++) {
    running = new TalkingProcess(program, [home, at, 'go'], (line) => {
      at = line
    })
    // The first one goes on until one of the three was surely deleted, and another one made.
    await running.printed((round === 0 ? 24 : 4) + Math.floor(Math.random() * 16))
    await pause(Math.random() * 30)
    await running.kill()
  }
  let told = ''
  running = new TalkingProcess(program, [home, at, 'end'], (line) => {
    told = line
  })
  await running.printed(1)
  await running.ended()
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
