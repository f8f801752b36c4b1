import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')

interface Report {
  summary: { totalCruised: number; violations: { from: string; to: string; rule: { name: string } }[] }
}

async function cruise(directory: string): Promise<Report> {
  const arguments_ = ['--config', join(root, '.dependency-cruiser.mjs'), '--ts-config', join(root, 'tsconfig.json')]
  // The exit code counts the violations; they are in the report too.
  const run = promisify(execFile)(join(root, 'node_modules/.bin/depcruise'), [...arguments_, '-T', 'json', 'packages', 'apps'], {
    cwd: directory,
    maxBuffer: 64 << 20,
  })
  const { stdout } = await run.catch((failed: { stdout: string }) => failed)
  return JSON.parse(stdout) as Report
}

const violations = (report: Report) => report.summary.violations.map((each) => `${each.rule.name}: ${each.from} → ${each.to}`)

describe('the direction of imports', { timeout: 60_000 }, () => {
  it('is kept by every file', async () => {
    const report = await cruise(root)
    expect(violations(report)).toEqual([])
    expect(report.summary.totalCruised).toBeGreaterThan(50)
  })

  it('is noticed where it is broken', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'standin-architecture-'))
    const files = {
      'apps/gateway/src/reaches-across.ts': "import '../../control/src/secret.ts'\n",
      'apps/control/src/secret.ts': 'export {}\n',
      'packages/client/src/reaches-up.ts': "import type {} from '../../core/src/thing.ts'\nimport 'node:fs'\n",
      'packages/core/src/thing.ts': "import './other.ts'\n",
      'packages/core/src/other.ts': "import './thing.ts'\n",
    }
    try {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(directory, name)), { recursive: true })
        writeFileSync(join(directory, name), text)
      }
      const names = violations(await cruise(directory)).map((each) => each.split(':')[0])
      expect(new Set(names)).toEqual(new Set(['apps-gateway-imports', 'packages-client-imports', 'client-runs-in-browsers', 'no-cycles']))
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
