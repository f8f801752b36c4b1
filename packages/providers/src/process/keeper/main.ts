import { appendFileSync, closeSync, mkdirSync, readFileSync, readSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { createServer } from 'node:net'
import { basename } from 'node:path'
import { identify } from '../keeper-process.ts'
import type { EnvironmentRecord, KeeperState, LaunchSpec } from '../layout.ts'
import { Keeper } from './keeper.ts'

/**
 * The keeper's process. It is started ahead of time and told later which environment it is for: a line on its standard
 * input, the environment's directory. That may be out of sight by then, but pid 1 is in it; every path here is relative.
 * Descriptor 3 is where `loaded` and `ready` are told to whoever started it.
 */
flushCompileCache()
tell('loaded')
const dir = readDirectory()
try {
  process.chdir(`/proc/${process.ppid}/cwd`)
} catch {
  process.chdir(dir)
}
process.title = `standin-keeper ${basename(dir)}`
process.on('uncaughtException', (error) => {
  appendFileSync('keeper.log', `${error.stack}\n`)
  process.exit(1)
})
const record = JSON.parse(readFileSync('environment.json', 'utf8')) as EnvironmentRecord
const launch = JSON.parse(readFileSync('launch.json', 'utf8')) as LaunchSpec
mkdirSync('logs', { recursive: true, mode: 0o700 })

// A terminal's Ctrl-C or a closed pipe must not end what outlives control.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => {})
process.on('SIGTERM', () => void keeper.stop().finally(() => process.exit(0)))

const keeper = new Keeper(record, launch, readState(), saveState, () => {
  server.close()
  process.exit(0)
})
// Without a namespace it is our own death, and not pid 1's, that says that the environment has no keeper.
if (!launch.pidNamespace) writeFileSync('keeper.pid', await identify(process.pid))
const server = createServer((socket) => keeper.accept(socket))
rmSync('keeper.sock', { force: true })
server.listen('keeper.sock', () => {
  tell('ready')
  closeSync(3)
})

function tell(word: string): void {
  try {
    writeSync(3, `${word}\n`)
  } catch {
    // Whoever started it is gone; the next one finds the socket.
  }
}

/** Blocks until there is an environment; ends where there will be none. */
function readDirectory(): string {
  const chunk = Buffer.alloc(8192)
  let text = ''
  while (!text.endsWith('\n')) {
    const length = readSync(0, chunk)
    if (length === 0) process.exit(0)
    text += chunk.toString('utf8', 0, length)
  }
  return text.slice(0, -1)
}

function readState(): KeeperState {
  try {
    return JSON.parse(readFileSync('state.json', 'utf8')) as KeeperState
  } catch {
    return { version: 1, desired: [], startedOnce: false, restarts: {} }
  }
}

function saveState(state: KeeperState): void {
  writeFileSync('.state.json.new', JSON.stringify(state), { mode: 0o600, flush: true })
  renameSync('.state.json.new', 'state.json')
}
