// `pnpm test`: lint, types, then every test. Ends with the plain line `N passed, N failed`.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const scratch = mkdtempSync(join(tmpdir(), 'standin-test-'))
const reportFile = join(scratch, 'vitest.json')

function run(command: string, arguments_: string[]): boolean {
  console.log(`\n$ ${command} ${arguments_.join(' ')}`)
  // No daemon stays behind, and nothing asks questions.
  const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' }
  return (
    spawnSync(join(root, 'node_modules/.bin', command), arguments_, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env }).status ===
    0
  )
}

interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  success: boolean
}

const filters = process.argv.slice(2)
const checks =
  filters.length > 0
    ? []
    : [
        run('biome', ['ci', '.']),
        run('nx', ['run-many', '-t', 'typecheck', '--outputStyle=static']),
        run('tsc', ['-p', 'tsconfig.json']),
        run('knip', []),
      ]
const testsPassed = run('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, ...filters])

let report: VitestReport = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, success: false }
try {
  report = JSON.parse(readFileSync(reportFile, 'utf8')) as VitestReport
} catch (error) {
  console.error(`vitest left no report: ${error}`)
}
rmSync(scratch, { recursive: true })

const skipped = report.numPendingTests
const skipIsFailure = process.env.CI === 'true' && skipped > 0
if (skipIsFailure) console.error(`${skipped} tests were skipped; with CI=true that is a failure`)
const passed = report.numPassedTests + checks.filter((ok) => ok).length
const brokenFiles = !testsPassed && report.numFailedTests === 0 ? 1 : 0
const failed = report.numFailedTests + checks.filter((ok) => !ok).length + brokenFiles + (skipIsFailure ? skipped : 0)
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
