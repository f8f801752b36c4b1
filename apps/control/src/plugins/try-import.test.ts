import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { whyNotImport } from './try-import.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'standin-import-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const never = 'it was not done after 0.5 s: outside of its functions is a loop or an await that never ends'

it.each([
  ['never returns', 'for (;;) {}', never, 500],
  ['waits for ever', 'setInterval(() => {}, 1000)\nawait new Promise(() => {})', never, 500],
  ['waits for nothing', 'await new Promise(() => {})', never.replace(/^.*: /, ''), 20_000],
  ['ends the process', 'process.exit(0)', 'it ends the process when it is loaded', 20_000],
  [
    'takes all memory',
    'const all = []; for (;;) all.push(new Array(10_000).fill(all))',
    'it takes more than 64 MB of memory to load it',
    20_000,
  ],
])('refuses a file that %s, and goes on', async (name, text, why, timeMs) => {
  const file = join(dir, `${name.replaceAll(' ', '-')}.mjs`)
  writeFileSync(file, text)
  expect(await whyNotImport(file, { timeMs, memoryMb: 64 })).toBe(why)
})

it.each([
  ['does no more than it should', 'console.log("hello"); export default {}'],
  ['goes on with something', 'setInterval(() => {}, 1000)'],
  ['throws, which is told where it is loaded', 'throw new Error("no")'],
  ['is not there', undefined],
])('leaves alone a file that %s', async (name, text) => {
  const file = join(dir, `${name.replaceAll(/[ ,]+/g, '-')}.mjs`)
  if (text !== undefined) writeFileSync(file, text)
  expect(await whyNotImport(file)).toBeNull()
})
