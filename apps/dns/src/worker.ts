import { PrimaryChannel, processUse } from '@standin/serving/primary-channel'
import { createWorker, type WorkerParts } from './container.ts'
import type { FromWorker, ToWorker } from './workers/messages.ts'

/**
 * A worker of the resolver: answers queries as the primary, which has started it, tells it to. Without its primary it ends.
 */

type Start = Extract<ToWorker, { type: 'start' }>
type TableChange = Extract<ToWorker, { type: 'table' }>

const primary = new PrimaryChannel<ToWorker, FromWorker>()
const tableCame = Promise.withResolvers<void>()
/** What came before there was an engine. */
const early: TableChange[] = []
let parts: WorkerParts | null = null
let isLeaving = false

async function start({ config, listen, identity, awaitsTable }: Start): Promise<void> {
  parts = createWorker(config, Buffer.from(identity, 'hex'))
  for (const change of early.splice(0)) take(change)
  if (awaitsTable) await tableCame.promise
  primary.tell({ type: 'listening', dns: await parts.engine.listen(listen) })
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

function tellReadiness(): void {
  primary.tellReadiness(parts === null ? 'it starts' : parts.engine.notReady())
}

async function leave(): Promise<void> {
  if (isLeaving) return
  isLeaving = true
  await parts?.engine.stop()
  await parts?.lines.end(1_000)
  process.exit(0)
}

function onMessage(message: ToWorker): void {
  switch (message.type) {
    case 'start':
      start(message).catch((error: Error) => primary.tellFailure(error))
      break
    case 'table':
      take(message)
      break
    case 'reload':
      parts?.engine.reload()
      break
    case 'count': {
      const sample = parts?.engine.sample() ?? { values: [], upstreams: [] }
      primary.tell({ type: 'counted', call: message.call, ...sample, ...processUse() })
      tellReadiness()
      break
    }
    case 'stop':
      void leave()
      break
  }
}

primary.open({ onMessage, leave: () => void leave() })
