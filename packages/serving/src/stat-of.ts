import { type BigIntStats, statSync } from 'node:fs'

/** What there is at a path. Undefined: nothing, or what can't be looked at, such as links that go round in a circle. */
export function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false, bigint: true })
  } catch {
    return undefined
  }
}
