import { type FSWatcher, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { GatewayConfig } from './gateway-config.ts'

/** Who has to know of them. */
export interface RefusedAddresses {
  set(owner: string, listeners: readonly string[]): void
}

/**
 * Where control and the resolver listen, as they have written it down below the home, so that no environment is given
 * their traffic. They may come later than the gateway, and come back elsewhere.
 */
export class PlatformAddresses {
  readonly #config: GatewayConfig
  readonly #refused: RefusedAddresses
  readonly #folder: string
  #watcher: FSWatcher | undefined

  constructor(config: GatewayConfig, refused: RefusedAddresses) {
    this.#config = config
    this.#refused = refused
    this.#folder = join(config.home, 'run')
  }

  /** Reads what is there, and follows it as soon as there is a folder to follow: control makes it. May be called again. */
  async refresh(): Promise<void> {
    this.#follow()
    const [control, resolver] = await Promise.all([
      this.#config.control ?? readField(join(this.#folder, 'control.json'), 'api'),
      readField(join(this.#folder, 'standin.json'), 'dns'),
    ])
    // What can't be read now may still be there: the former address stays refused.
    if (control !== null) this.#refused.set('the control plane', [control])
    if (resolver !== null) this.#refused.set('the resolver', [resolver])
  }

  stop(): void {
    this.#watcher?.close()
  }

  #follow(): void {
    if (this.#watcher !== undefined) return
    try {
      const watcher = watch(this.#folder, { persistent: false }, () => void this.refresh())
      watcher.on('error', () => watcher.close())
      this.#watcher = watcher
    } catch {
      // Not there yet; the next call is when control is.
    }
  }
}

const readField = async (file: string, field: string): Promise<string | null> => {
  try {
    const value = (JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>)[field]
    return typeof value === 'string' ? value : null
  } catch {
    return null
  }
}
