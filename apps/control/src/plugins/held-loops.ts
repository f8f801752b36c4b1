import { rmSync } from 'node:fs'
import { readFileIfThere, writeFileAtomically } from '../store/home.ts'

/** A plugin's code did not return, and nothing else of control could run: control was ended for it. */
export interface HeldLoop {
  readonly plugin: string
  /** ISO 8601. */
  readonly at: string
  /** `/srv/greeter/plugin.ts:12 (count)` */
  readonly place: string
}

const dayMs = 24 * 3_600_000
/** So many times within a day, then the plugin is left out. */
const most = 3

/** Who held control up, kept in a file: it is written when there is no other way left. */
export class HeldLoops {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  add(held: HeldLoop): void {
    writeFileAtomically(this.#file, `${JSON.stringify([...this.#since(Date.parse(held.at) - dayMs), held])}\n`)
  }

  /** Somebody stopped control in order: each plugin may try again. */
  forget(): void {
    rmSync(this.#file, { force: true })
  }

  /** Why a plugin is not to be begun, in words; null: it may. @param now ms since the epoch */
  offBecause(plugin: string, now: number): string | null {
    const own = this.#since(now - dayMs).filter((held) => held.plugin === plugin)
    const last = own.at(-1)
    if (last === undefined || own.length < most) return null
    return (
      `plugin/${plugin} is switched off: it held all of control up ${own.length} times within a day, last at ${last.at} in ${last.place}. ` +
      'Mend it, then stop the platform and start it again'
    )
  }

  #since(from: number): HeldLoop[] {
    try {
      const all = JSON.parse(readFileIfThere(this.#file) ?? '[]') as HeldLoop[]
      return all.filter(({ at }) => Date.parse(at) >= from)
    } catch {
      // Whatever is there instead keeps no plugin from running.
      return []
    }
  }
}
