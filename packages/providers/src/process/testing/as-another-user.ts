import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Stack } from '@standin/client'
import { detect, processProvider } from '../index.ts'

/** Run as another user by isolation.int.test.ts: a day in the life of an environment, told as JSON. */
const [dataDir = '', folder = '', stackText = ''] = process.argv.slice(2)
const stack = JSON.parse(stackText) as Stack
const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const { isolation } = await detect(dataDir)
const handle = await processProvider.open({ dataDir, hiddenDirs: [], domain: 'test.localhost', log: quiet, now: Date.now }, {})

async function run(id: number, command: string): Promise<string[]> {
  const lines: string[] = []
  const step = { name: 'test', host: 'web', run: command, environment: {}, needs: [], timeoutMs: 15_000 }
  await handle.run(id, { step, onLine: (_, line) => lines.push(line) })
  return lines
}

const created = await handle.create({ id: 1001, name: 'test', stack, source: { kind: 'blueprint', dir: folder } })
const states = [created.state, (await handle.start(1001)).state, (await handle.suspend(1001)).state, (await handle.resume(1001)).state]
const [user] = await run(1001, 'echo $(id -u):$(id -g)')
const [capabilities] = await run(1001, "sed -n 's/^CapEff:\\t//p' /proc/self/status")
await run(1001, 'echo from the base > data/base; mkdir locked; chmod 0 locked')
states.push((await handle.stop(1001)).state)
await handle.snapshot(1001, 'shop@1')
await handle.create({ id: 1002, name: 'clone', stack, source: { kind: 'template', key: 'shop@1' } })
await handle.start(1002)
const clone = await run(1002, 'echo mine > data/order; cat data/base data/order')
for (const id of [1001, 1002]) await handle.purge(id)
await handle.deleteSnapshot('shop@1')
await handle.close()
const left = ['environments', 'templates', 'trash'].flatMap((name) => readdirSync(join(dataDir, name)))
process.stdout.write(JSON.stringify({ namespaces: isolation.namespaces, states, user, capabilities, clone, left }))
