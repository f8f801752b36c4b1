import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Plugin } from '../packages/core/src/index.ts'
import { builtInPlugins } from '../packages/plugins/src/index.ts'
import { bootPlugin } from '../packages/testing/src/boot-plugin.ts'

/** CPU of control and the plugin docs together, in one process, to find out what changed among ten thousand environments. */
const count = Number(process.env.STANDIN_BENCH_NAMES ?? 10_000)
const folder = mkdtempSync(join(tmpdir(), 'standin-docs-bench-'))

async function measured(what: string, work: () => Promise<void>): Promise<void> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  const lines = booted.runs('minutely').at(-1)?.output.split('\n').length ?? 1
  console.log(
    `${what}: ${((user + system) / 1_000_000).toFixed(2)} s of CPU, ${lines - 1} pages written, ${readdirSync(folder).length - 1} there`,
  )
}

await using booted = await bootPlugin((await builtInPlugins.docs?.()) as Plugin, { markdown: [{ folder }] })
try {
  const attach = (index: number, port: number) =>
    booted.client.environments.attach({
      name: `shop-${index}`,
      labels: { project: `p${index % 50}` },
      services: [{ name: 'www', endpoints: [`127.0.0.1:${port}`] }],
    })
  for (let first = 0; first < count; first += 50) {
    await Promise.all(Array.from({ length: Math.min(50, count - first) }, (_, index) => attach(first + index, 9000)))
  }
  // Longer than a booted plugin is waited for.
  const settle = async () => {
    for (let tries = 0; tries < 10; tries++) {
      try {
        return await booted.advance('1m')
      } catch (error) {
        if (!/come to rest/.test(String(error))) throw error
      }
    }
  }
  await measured('all are new', settle)
  await measured('nothing changed, no comparison due', () => booted.advance('1m'))
  await booted.restart()
  await measured('nothing changed, all are compared', () => booted.advance('1m'))
  await booted.stop()
  await booted.start()
  for (let index = 0; index < 10; index++) await attach(index, 9001)
  await measured('ten changed, all are compared', () => booted.advance('1m'))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
