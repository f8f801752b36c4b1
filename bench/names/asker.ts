import { Resolver } from 'node:dns/promises'

/** The address of a name, or null: there is no such name. */
export type Said = string | null

/** How often it is asked on after the first right answer, to see that no old one comes again. */
const checks = 3

/** Asks a resolver as any program would: a new packet each time, and nothing kept. */
export class Asker {
  readonly #resolver = new Resolver({ timeout: 500, tries: 1 })

  constructor(port: number) {
    this.#resolver.setServers([`127.0.0.1:${port}`])
  }

  /** Undefined: neither. */
  async ask(name: string): Promise<Said | undefined> {
    try {
      return (await this.#resolver.resolve4(name))[0]
    } catch (cause) {
      return (cause as NodeJS.ErrnoException).code === 'ENOTFOUND' ? null : undefined
    }
  }

  /** @returns milliseconds from the call to the first answer that is right. @throws Error where a later one is wrong again */
  async untilSaid(name: string, expected: Said): Promise<number> {
    const started = performance.now()
    for (;;) {
      const answer = await this.ask(name)
      const ms = performance.now() - started
      if (answer === expected) {
        for (let check = 0; check < checks; check++)
          if ((await this.ask(name)) !== expected) throw new Error(`${name}: an old answer came after the new one`)
        return ms
      }
      if (ms > 10_000) throw new Error(`${name} is ${answer} after ten seconds, not ${expected}`)
    }
  }
}
