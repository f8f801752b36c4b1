import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { builtInPlugins } from '@standin/plugins'
import { expect, it } from 'vitest'
import { checkSetups } from './check-setups.ts'
import { readPlugins } from './read-plugins.ts'

it('the example of suspend has no fault', async () => {
  const { plugins, faults } = await readPlugins(resolve(import.meta.dirname, '../../../../examples/suspend.config.yaml'), builtInPlugins)
  expect(faults).toEqual([])
  expect(plugins).toMatchObject([{ id: 'suspend', config: { nightly: [{ timeZone: 'Europe/Berlin' }, { days: '0-7' }] } }])
})

it('all faults of a configuration of suspend are told at once, each at its line', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'standin-suspend-'))
  try {
    const file = join(dir, 'standin.config.yaml')
    const lines = [
      'idleAfter: soon',
      'nightly:',
      '  - {name: evening, at: "25:00"}',
      '  - {name: late, at: "22:00", timeZone: Europe/Atlantis}',
      'mosst: 3',
    ]
    writeFileSync(file, `plugins:\n  - use: suspend\n    with:\n${lines.map((line) => `      ${line}\n`).join('')}`)
    const { faults } = await readPlugins(file, builtInPlugins)
    expect(faults.map(({ line }) => line)).toEqual([4, 6, 7, 8])
    expect(faults.map(({ message }) => message).join()).toContain("'Europe/Atlantis' is not a time zone")
  } finally {
    rmSync(dir, { recursive: true })
  }
})

it.each([
  ['suspend', ['nightly: [{ name: late, at: "22:00", days: "1-3,6-0" }]', 'workingHours:', '  - { from: "22:00", to: "06:00" }'], [4, 6]],
  ['usage', ['rates: { changes: [{ from: 2026-12-01, svmHour: 1 },', '  { project: shop }] }', 'quotas:', '  - { project: shop }'], [5, 7]],
])('what only %s itself can find wrong is told at its line, too', async (use, lines, wrong) => {
  const dir = mkdtempSync(join(tmpdir(), 'standin-setup-faults-'))
  try {
    const file = join(dir, 'standin.config.yaml')
    writeFileSync(file, `plugins:\n  - use: ${use}\n    with:\n${lines.map((line) => `      ${line}\n`).join('')}`)
    const { plugins, faults } = await readPlugins(file, builtInPlugins)
    expect(faults).toEqual([])
    expect((await checkSetups(plugins)).map(({ line }) => line)).toEqual(wrong)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

it.each(['platform', 'usage'])('the example of %s has no fault', async (name) => {
  const { faults } = await readPlugins(resolve(import.meta.dirname, `../../../../examples/${name}.config.yaml`), builtInPlugins)
  expect(faults).toEqual([])
})

it('all faults of a configuration of usage are told at once, each at its line', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'standin-usage-'))
  try {
    const file = join(dir, 'standin.config.yaml')
    const lines = [
      'timeZone: Europe/Atlantis',
      'rates:',
      '  svmHour: -1',
      '  changes: [{ from: "tomorrow", svmHour: 1 }]',
      'quotas:',
      '  - { project: shop, storage: much }',
      'catgories: []',
    ]
    writeFileSync(file, `plugins:\n  - use: usage\n    with:\n${lines.map((line) => `      ${line}\n`).join('')}`)
    const { faults } = await readPlugins(file, builtInPlugins)
    expect(faults.map(({ line }) => line)).toEqual([4, 6, 7, 9, 10])
    expect(faults.map(({ message }) => message).join()).toContain("'Europe/Atlantis' is not a time zone")
    expect(faults.at(-1)?.message).toContain('did you mean "categories"?')
  } finally {
    rmSync(dir, { recursive: true })
  }
})
