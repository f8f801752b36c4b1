import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
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
  #making: Promise<void> = Promise.resolve()

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
      this.#making = this.#make().then(
        (spare) => {
          this.#spare = spare
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

  /** Afterwards nobody writes into the data directory any more. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#making
    await this.#spare?.dismiss()
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
  readonly #pipe: Readable
  readonly #ended: Promise<number | null>
  #alive = true
  #told = ''
  #listener: () => void = () => {}

  constructor(layout: Layout, isolation: Isolation, log: number) {
    const [program = 'sh', ...args] = [...(isolation.namespaces ? unshare(isolation) : []), 'sh', init]
    const child = spawn(program, args, {
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
    this.#namespaces = isolation.namespaces
    this.#child = child
    this.#pipe = child.stdio[3] as Readable
    this.#ended = new Promise((resolve) => {
      const end = (code: number | null): void => {
        this.#alive = false
        resolve(code)
      }
      child.once('exit', end)
      child.once('error', () => end(127))
    })
    this.#pipe.on('data', (chunk) => {
      this.#told += chunk
      this.#listener()
    })
    child.stdin?.on('error', () => {})
    this.#hold('unref')
  }

  get usable(): boolean {
    return this.#alive && this.#child.pid !== undefined
  }

  async dismiss(): Promise<void> {
    this.#hold('ref')
    this.#child.stdin?.destroy()
    await this.#ended
  }

  async assign(dir: string): Promise<void> {
    this.#hold('ref')
    // Not before its code is loaded: the mounts hide where that is cached.
    let ending = await this.#tells('loaded')
    if (ending === 'told') {
      const { pid = 0 } = this.#child
      const identity = await identify((this.#namespaces ? await onlyChild(pid) : null) ?? pid)
      this.#child.stdin?.write(`${dir}\n${identity}\n`)
      ending = await this.#tells('ready')
    }
    this.#child.stdin?.destroy()
    this.#pipe.destroy()
    this.#child.unref()
    // 75: it gave way to the keeper that is there.
    if (ending === 'told' || ending === 75) return
    const said = (await readFile(join(dir, 'keeper.log'), 'utf8').catch(() => '')).trim().split('\n').slice(-5).join('; ')
    const code = /no space left/i.test(said) ? 'disk_full' : 'provider_failed'
    throw new StandinError(code, `its keeper ended with ${ending}: ${said || 'it said nothing'}`)
  }

  #tells(word: string): Promise<'told' | number | null> {
    const told = new Promise<'told'>((resolve) => {
      this.#listener = () => {
        if (this.#told.includes(`${word}\n`)) resolve('told')
      }
      this.#listener()
    })
    return Promise.race([told, this.#ended])
  }

  /** On standby it must not keep our own process alive. */
  #hold(how: 'ref' | 'unref'): void {
    this.#child[how]()
    for (const stream of [this.#child.stdin, this.#pipe]) (stream as unknown as Socket | null)?.[how]()
  }
}
