import { StandinError } from '@standin/client/errors'
import type { Context } from './context.ts'
import { parseDuration } from './duration.ts'

/** What the shell may complete a word with. */
export type Completes = 'environment' | 'host' | 'service' | 'fault' | 'alias' | 'template' | 'source' | 'path' | 'shell'

interface ArgumentSpec {
  /** As commander writes it: `<env>`, `[host]`, `<env...>`. */
  readonly name: string
  readonly description: string
  readonly completes?: Completes
}

export interface OptionSpec {
  /** As commander writes it: `-t, --timeout <duration>`. */
  readonly flags: string
  readonly description: string
  readonly parse?: (text: string) => unknown
  readonly choices?: readonly string[]
  readonly default?: string | boolean
  /** May be given more than once; the value is an array then. */
  readonly repeat?: boolean
  readonly required?: boolean
  readonly completes?: Completes
}

/** One file a verb. `A` are the arguments as they come, `O` the options by their camel-case names. */
export interface Verb<A extends readonly unknown[] = readonly unknown[], O = object> {
  /** Below the summary of the catalog, for `--help`: what one has to know. */
  readonly description?: string
  readonly arguments?: readonly ArgumentSpec[]
  readonly options?: readonly OptionSpec[]
  /** A command, and what it is for. The first one is the plainest. */
  readonly examples: readonly (readonly [command: string, meaning: string])[]
  run(context: Context, args: A, options: O): Promise<void>
}

/** Options that mean the same wherever they are. */
export const timeoutOption: OptionSpec = {
  flags: '-t, --timeout <duration>',
  description: 'how long to wait, e.g. 5m',
  parse: parseDuration,
}
export const noWaitOption: OptionSpec = { flags: '--no-wait', description: 'answer as soon as it is begun' }
export const dryRunOption: OptionSpec = { flags: '--dry-run', description: 'say what would happen, change nothing' }
export const yesOption: OptionSpec = { flags: '-y, --yes', description: 'do not ask' }
export const reasonOption: OptionSpec = { flags: '--reason <text>', description: 'why; kept with the environment and in its events' }

/** A whole number of at least `minimum` and at most `maximum`. */
export function parseCount(minimum: number, maximum = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < minimum || value > maximum) {
      const range = maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`
      throw new StandinError('invalid', `'${text}' is not a whole number ${range}.`)
    }
    return value
  }
}

/** `k=v`, collected into an object by {@link collectPairs}. */
export function parsePair(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new StandinError('invalid', `'${text}' is not of the form key=value.`)
  return [text.slice(0, at), text.slice(at + 1)]
}

export function collectPairs(pairs: readonly (readonly [string, string])[] = []): Record<string, string> {
  return Object.fromEntries(pairs)
}
