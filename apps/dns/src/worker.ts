import { StandinError } from '@standin/client/errors'
import { createWorker, type WorkerParts } from './container.ts'
import type { FromWorker, ToWorker } from './workers/messages.ts'

/**
 * A worker of the resolver: answers queries as the primary, which has started it, tells it to. Without its primary it ends.
 */

type Start = Extract<ToWorker, { type: 'start' }>
type TableChange = Extract<ToWorker, { type: 'table' }>

const tell = (message: FromWorker): void => {
  // A channel that has just closed is heard of by `disconnect`.
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}
const tableCame = Promise.withResolvers<void>()
/** What came before there was an engine. */
const early: TableChange[] = []
let parts: WorkerParts | null = null
let isLeaving = false

async function start({ config, listen, identity, awaitsTable }: Start): Promise<void> {
  parts = createWorker(config, Buffer.from(identity, 'hex'))
  for (const change of early.splice(0)) take(change)
  if (awaitsTable) await tableCame.promise
  tell({ type: 'listening', dns: await parts.engine.listen(listen) })
  tellReadiness()
}

function take(change: TableChange): void {
  if (parts === null) {
    early.push(change)
    return
  }
  const { engine } = parts
  const { message, revision } = change
  if (message.type === 'put') engine.put(message.entry, revision)
  if (message.type === 'remove') engine.remove(message.environment, revision)
  if (message.type === 'snapshot') {
    engine.reset(message.snapshot)
    tableCame.resolve()
    tellReadiness()
  }
}

let toldReadiness: string | null | undefined
function tellReadiness(): void {
  const notReady = parts === null ? 'it starts' : parts.engine.notReady()
  if (notReady === toldReadiness) return
  toldReadiness = notReady
  tell({ type: 'readiness', notReady })
}

async function leave(): Promise<void> {
  if (isLeaving) return
  isLeaving = true
  await parts?.engine.stop()
  await parts?.lines.end(1_000)
  process.exit(0)
}

process.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'start':
      start(message).catch((error: Error) => {
        const problem =
          error instanceof StandinError
            ? error
            : new StandinError('internal', `A worker could not start: ${error.message}`, { cause: error })
        tell({ type: 'failed', problem: problem.toProblem() })
      })
      break
    case 'table':
      take(message)
      break
    case 'reload':
      parts?.engine.reload()
      break
    case 'count': {
      const { user, system } = process.cpuUsage()
      const sample = parts?.engine.sample() ?? { values: [], upstreams: [] }
      const residentBytes = process.memoryUsage.rss()
      tell({ type: 'counted', call: message.call, ...sample, residentBytes, cpuSeconds: (user + system) / 1e6 })
      tellReadiness()
      break
    }
    case 'stop':
      void leave()
      break
  }
})
process.once('disconnect', () => void leave())
// Ctrl-C and a hang-up reach the whole group. The primary tells what is to be done, and who ends one worker gets another one.
process.on('SIGINT', () => {})
process.on('SIGHUP', () => {})
process.on('SIGTERM', () => void leave())
