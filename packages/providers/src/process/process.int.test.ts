import { mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeProviderConformance, environmentProcesses } from '@standin/testing/provider-conformance'
import { detect, type ProcessConfig, processProvider } from './index.ts'
import { keeperProcess, untilGone } from './keeper-process.ts'

const detectDir = mkdtempSync(join(tmpdir(), 'standin-detect-'))
const { isolation } = await detect(detectDir)
rmSync(detectDir, { recursive: true })

async function leftovers(dataDir: string, id: number): Promise<string[]> {
  const processes = (await environmentProcesses(id, dataDir)).map(({ pid }) => `process ${pid}`)
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').filter((line) => line.includes(dataDir))
  const dirs: string[] = []
  for (const name of ['environments', 'trash', 'tmp']) {
    // What is on standby belongs to no environment and goes with the handle.
    for (const entry of await readdir(join(dataDir, name))) if (!entry.startsWith('go-')) dirs.push(`${name}/${entry}`)
  }
  return [...processes, ...mounts, ...dirs]
}

async function killSupervisor(dataDir: string, id: number): Promise<void> {
  const known = await keeperProcess(join(dataDir, 'environments', String(id)))
  if (known === null) throw new Error(`environment ${id} has no keeper`)
  process.kill(known.pid, 'SIGKILL')
  await untilGone(known, 5000)
}

const configurations: Record<string, ProcessConfig> = { process: {}, 'process without namespaces': { isolation: 'none' } }
for (const [name, config] of Object.entries(configurations)) {
  describeProviderConformance(name, {
    open: (context) => processProvider.open(context, config),
    contained: config.isolation !== 'none' && isolation.namespaces,
    leftovers,
    killSupervisor,
  })
}
