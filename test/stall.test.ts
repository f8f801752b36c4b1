import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

/** Starts a process that looks for three seconds how long it stands still at most, and ends as that does. */
const parent = `
  const child = require('node:child_process').spawn(process.execPath, ['-e', process.argv[1]], { stdio: 'inherit' })
  child.on('exit', (code) => process.exit(code))`
const looking = `
  let [last, longest] = [performance.now(), 0]
  setInterval(() => { longest = Math.max(longest, performance.now() - last); last = performance.now() }, 5)
  setTimeout(() => { console.log(longest); process.exit(7) }, 3000)`

it.skipIf(process.platform !== 'linux')('a program under stalls stands still now and then, and ends as it would have', () => {
  const stalled = join(import.meta.dirname, 'stall.ts')
  const { status, stdout } = spawnSync(process.execPath, [stalled, process.execPath, '-e', parent, looking], { encoding: 'utf8' })
  expect(Number(stdout)).toBeGreaterThan(25)
  expect(status).toBe(7)
})
