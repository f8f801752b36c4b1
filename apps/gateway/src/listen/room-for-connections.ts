import { readFileSync } from 'node:fs'

/** Files that the gateway itself has open, and some to spare. */
const ownFiles = 64

/**
 * How many connections of clients there is room for: each may need one to an endpoint as well. Beyond the system's limit
 * connections are closed without a word, so the gateway refuses them before that, with a reason.
 * @param limits the text of `/proc/self/limits`; empty: unknown
 */
export const roomForConnections = (wanted: number, limits = readLimits()): number => {
  const files = Number(/^Max open files\s+([0-9]+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY)
  return Math.max(1, Math.min(wanted, Math.floor((files - ownFiles) / 2)))
}

const readLimits = (): string => {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}
