import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { host, stackOf } from '@standin/testing/provider-conformance'
import { expect, it } from 'vitest'
import { processProvider } from './index.ts'
import { readProcess } from './keeper/process-table.ts'
import { keeperProcess } from './keeper-process.ts'

// The lock of an environment is its shell's, which without namespaces is not what the environment ends with.
it.skipIf(!existsSync('/proc/self/stat'))('starts an environment again whose shell of before is slow to end', async () => {
  const home = mkdtempSync(join(tmpdir(), 'standin-late-shell-'))
  for (const dir of ['data', 'blueprint/app']) mkdirSync(join(home, dir), { recursive: true })
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const handle = await processProvider.open(
    { dataDir: join(home, 'data'), hiddenDirs: [], domain: 'test.localhost', log, now: Date.now },
    { isolation: 'none' },
  )
  let shell = 0
  try {
    await handle.create({
      id: 1001,
      name: 'test',
      stack: stackOf(host('web')),
      source: { kind: 'blueprint', dir: join(home, 'blueprint') },
    })
    await handle.start(1001)
    const keeper = await keeperProcess(join(home, 'data/environments/1001'))
    shell = readProcess(keeper?.pid ?? 0)?.parent ?? 0
    expect(shell).toBeGreaterThan(1)
    process.kill(shell, 'SIGSTOP')
    await handle.stop(1001)
    const started = handle.start(1001)
    await pause(1500)
    process.kill(shell, 'SIGCONT')
    expect((await started).state).toBe('running')
  } finally {
    if (shell > 1 && readProcess(shell) !== null) process.kill(shell, 'SIGCONT')
    await handle.purge(1001)
    await handle.close()
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  }
})
