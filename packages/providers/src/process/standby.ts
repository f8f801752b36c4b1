import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { StandinError } from '@standin/client'
import { type Isolation, unshare } from './isolation.ts'
import { identify, onlyChild } from './keeper-process.ts'
import type { Layout } from './layout.ts'

const keeperMain = fileURLToPath(new URL('./keeper/main.ts', import.meta.url))
const init = fileURLToPath(new URL('./keeper/init.sh', import.meta.url))

/** Milliseconds without a launch after which the next keeper is made ready: not while an environment comes up. */
const quietMs = 700

/**
 * Keepers that have been started ahead of time, one at most: most of what it takes to bring an environment up would
 * otherwise be starting Node twice.
 */
export class Standby {
  readonly #layout: Layout
  readonly #isolation: Isolation
  #spare: Spare | null = null
  #timer: NodeJS.Timeout | null = null
  #closed = false

  constructor(layout: Layout, isolation: Isolation) {
    this.#layout = layout
    this.#isolation = isolation
  }

  /** Makes one ready, a little later. */
  prepare(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#closed) return
    this.#timer = setTimeout(() => {
      if (this.#spare?.usable === true) return
      void this.#make().then(
        (spare) => {
          if (this.#closed) spare.dismiss()
          else this.#spare = spare
        },
        () => {
          // The next launch makes its own and says why it can't.
        },
      )
    }, quietMs).unref()
  }

  /**
   * Gives a keeper the environment in `dir`, where `mounts.sh` and `launch.json` are, and waits until it listens.
   * Where the environment has a keeper already, the lock makes this one give way.
   * @throws StandinError `disk_full`, `provider_failed`
   */
  async assign(dir: string): Promise<void> {
    const spare = this.#spare?.usable === true ? this.#spare : null
    this.#spare = null
    try {
      await (spare ?? (await this.#make())).assign(dir)
    } finally {
      this.prepare()
    }
  }

  close(): void {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#spare?.dismiss()
  }

  async #make(): Promise<Spare> {
    const log = await open(join(this.#layout.dataDir, 'keepers.log'), 'a', 0o600)
    try {
      return new Spare(this.#layout, this.#isolation, log.fd)
    } finally {
      await log.close()
    }
  }
}

class Spare {
  readonly #child: ChildProcess
  readonly #namespaces: boolean
  #ended = false

  constructor(layout: Layout, isolation: Isolation, log: number) {
    const [program = 'sh', ...args] = [...(isolation.namespaces ? unshare(isolation) : []), 'sh', init]
    this.#namespaces = isolation.namespaces
    this.#child = spawn(program, args, {
      cwd: '/',
      detached: true,
      stdio: ['pipe', log, log, 'pipe'],
      env: {
        PATH: process.env.PATH ?? '/usr/bin:/bin',
        NODE_COMPILE_CACHE: layout.cache,
        STANDIN_NODE: process.execPath,
        STANDIN_KEEPER: keeperMain,
        STANDIN_FIFO: join(layout.tmp, `go-${randomBytes(6).toString('hex')}`),
      },
    })
    this.#child.unref()
    this.#child.once('exit', () => {
      this.#ended = true
    })
    this.#child.once('error', () => {
      this.#ended = true
    })
    this.#child.stdin?.on('error', () => {})
    for (const stream of [this.#child.stdin, this.#child.stdio[3]]) (stream as unknown as { unref(): void }).unref()
  }

  get usable(): boolean {
    return !this.#ended && this.#child.pid !== undefined
  }

  dismiss(): void {
    this.#child.stdin?.destroy()
  }

  async assign(dir: string): Promise<void> {
    const child = this.#child
    if (child.pid === undefined) throw new StandinError('provider_failed', 'no process can be started')
    const init = this.#namespaces ? await onlyChild(child.pid) : child.pid
    const identity = await identify(init ?? child.pid)
    const pipe = child.stdio[3] as unknown as NodeJS.ReadableStream & { destroy(): void; ref(): void }
    const outcome = await new Promise<'ready' | number | null>((resolve) => {
      pipe.ref()
      pipe.once('data', () => resolve('ready'))
      child.once('exit', resolve)
      if (this.#ended) resolve(child.exitCode)
      ;(child.stdin as Writable).write(`${dir}\n${identity}\n`)
    })
    child.stdin?.destroy()
    pipe.destroy()
    if (outcome === 'ready' || outcome === 75) return
    const said = (await readFile(join(dir, 'keeper.log'), 'utf8').catch(() => '')).trim().split('\n').slice(-5).join('; ')
    const code = /no space left/i.test(said) ? 'disk_full' : 'provider_failed'
    throw new StandinError(code, `its keeper ended with ${outcome}: ${said || 'it said nothing'}`)
  }
}
