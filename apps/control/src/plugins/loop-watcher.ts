import { writeSync } from 'node:fs'
import { type Debugger, Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'
import { workerData } from 'node:worker_threads'
import { StandinError } from '@standin/client/errors'
import { HeldLoops } from './held-loops.ts'
import type { Watched } from './loop-watch.ts'

/** The thread that looks whether the main thread goes on; what goes through that one, standard output among it, is of no use here. */
const { beats, tickMs, patience, file, whose } = workerData as Watched
const beat = new Int32Array(beats)
/** What was asked about is given so many ticks more: it may have been slow and no more than that. */
const mercy = 2

let last = 0
let missed = 0
/** Who runs; null: not known, or nobody's plugin. */
let holder: string | null = null
let place = ''
let session: Session | null = null

setInterval(() => {
  const now = Atomics.load(beat, 0)
  if (now !== last) {
    last = now
    missed = 0
    leave()
    return
  }
  missed += 1
  if (missed === patience) ask().catch(cannotTell)
  if (missed >= patience + mercy && holder !== null) end(holder)
}, tickMs)

/** Stops the main thread in the middle of what it does, for a moment. In a call outside of JavaScript it stops after it. */
async function ask(): Promise<void> {
  const asking = new Session()
  session = asking
  asking.connectToMainThread()
  const urls = new Map<string, string>()
  asking.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => void urls.set(scriptId, url))
  asking.once('Debugger.paused', ({ params }) => {
    look(asking, params.callFrames, urls)
      .catch(cannotTell)
      .then(() => asking.post('Debugger.resume'))
      .catch(() => {})
  })
  await asking.post('Debugger.enable')
  await asking.post('Debugger.pause')
}

async function look(asking: Session, frames: readonly Debugger.CallFrame[], urls: ReadonlyMap<string, string>): Promise<void> {
  const { result } = await asking.post('Runtime.evaluate', { expression: whose, returnByValue: true })
  const urlOf = ({ location }: Debugger.CallFrame) => urls.get(location.scriptId) ?? ''
  const frame = frames.find((each) => urlOf(each).startsWith('file:')) ?? frames[0]
  if (frame !== undefined) place = `${pathOf(urlOf(frame))}:${frame.location.lineNumber + 1} (${frame.functionName || 'anonymous'})`
  const plugin = typeof result.value === 'string' ? result.value : null
  log(plugin === null ? `it is at ${place}, in no plugin` : `plugin/${plugin} holds it up at ${place}`)
  holder = plugin
}

function end(plugin: string): void {
  const seconds = Math.round((missed * tickMs) / 1_000)
  if (file === null)
    write(1, { error: new StandinError('invalid', `plugin/${plugin} did not return for ${seconds} s, at ${place}`).toProblem() })
  else endControl(plugin, seconds, new HeldLoops(file))
  process.kill(process.pid, 'SIGKILL')
}

function endControl(plugin: string, seconds: number, heldLoops: HeldLoops): void {
  const message = `plugin/${plugin} did not let anything else of control run for ${seconds} s, at ${place}: control is ended, and started again`
  try {
    heldLoops.add({ plugin, at: new Date().toISOString(), place })
  } catch (error) {
    log(`it can not be written down: ${error}`)
  }
  log(message)
  // The supervisor reads what control says.
  write(1, { warning: message })
}

function cannotTell(error: unknown): void {
  log(`nobody can say what it does: ${error}`)
}

function leave(): void {
  holder = null
  session?.disconnect()
  session = null
}

function log(message: string): void {
  write(2, { level: 50, time: Date.now(), msg: `control has not gone on for ${missed * tickMs} ms: ${message}` })
}

function write(descriptor: number, line: object): void {
  try {
    writeSync(descriptor, `${JSON.stringify(line)}\n`)
  } catch {
    // Nobody reads it, or the disk is full: that must not end this thread.
  }
}

function pathOf(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url
}
