import { PrimaryChannel, processUse } from '@standin/serving/primary-channel'
import { buildContainer, Tokens } from './container.ts'
import type { Engine } from './engine.ts'
import type { FromWorker, ToWorker } from './workers/messages.ts'
import { PrimaryLink } from './workers/primary-link.ts'
import { keepYoungGenerationSmall } from './young-generation.ts'

/**
 * A worker of the gateway: serves requests as the primary, which has started it, tells it to. Without its primary it ends.
 */

keepYoungGenerationSmall()
const primary = new PrimaryChannel<ToWorker, FromWorker>()
const link = new PrimaryLink((message) => primary.tell(message))
const tableCame = Promise.withResolvers<void>()
let engine: Engine | null = null
let endLog: (ms: number) => Promise<void> = async () => {}
let drainMs = 10_000
let isLeaving = false

const start = async ({ config, http, https, isFirst, awaitsTable, ticketKeys, pseudonym }: Extract<ToWorker, { type: 'start' }>) => {
  drainMs = config.drainMs
  const container = buildContainer(config, { control: link, ticketKeys, pseudonym })
  const lines = container.resolve(Tokens.lines)
  endLog = (ms) => lines.end(ms)
  process.once('exit', () => lines.endNow())
  engine = container.resolve(Tokens.engine)
  for (const { owner, listeners } of refused) container.resolve(Tokens.refused).set(owner, listeners)
  onRefused = (owner, listeners) => container.resolve(Tokens.refused).set(owner, listeners)
  for (const message of early.splice(0)) onTable(message)
  if (awaitsTable) await tableCame.promise
  primary.tell({ type: 'listening', at: await engine.listen({ http, https, shared: !isFirst || config.takeOver }) })
  tellReadiness()
}

/** What came before there was an engine. */
const early: ToWorker[] = []
const refused: { owner: string; listeners: readonly string[] }[] = []
let onRefused = (owner: string, listeners: readonly string[]): void => void refused.push({ owner, listeners })

const onTable = (message: ToWorker): void => {
  if (engine === null) {
    early.push(message)
    return
  }
  if (message.type === 'put') engine.put(message.entry)
  if (message.type === 'remove') engine.remove(message.environment)
  if (message.type === 'snapshot') {
    engine.reset(message.snapshot, message.snapshot.source)
    tableCame.resolve()
    tellReadiness()
  }
}

const tellReadiness = (): void => primary.tellReadiness(engine === null ? 'it starts' : engine.notReady())

const leave = async (ms: number): Promise<void> => {
  if (isLeaving) return
  isLeaving = true
  const stopped = engine?.stop(ms)
  tellReadiness()
  await stopped
  await endLog(1_000)
  process.exit(0)
}

const onMessage = (message: ToWorker): void => {
  switch (message.type) {
    case 'start':
      start(message).catch((error: Error) => primary.tellFailure(error))
      break
    case 'refused':
      onRefused(message.owner, message.listeners)
      break
    case 'snapshot':
    case 'put':
    case 'remove':
      onTable(message)
      break
    case 'done':
      link.onDone(message)
      break
    case 'describe':
      primary.tell({ type: 'described', call: message.call, view: engine?.describe(message.environment) ?? null })
      break
    case 'count':
      primary.tell({ type: 'counted', call: message.call, values: engine?.sample() ?? [], ...processUse() })
      tellReadiness()
      break
    case 'drain':
      void leave(message.ms)
      break
  }
}

process.once('disconnect', () => link.close())
primary.open({ onMessage, leave: () => void leave(drainMs) })
