import { StandinError } from '@standin/client/errors'

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const part = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g
const whole = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/

/** `90s`, `1h30m`, `500ms`, `30d` → milliseconds. A number without a unit is refused: nobody knows what it means. */
export function parseDuration(text: string): number {
  if (!whole.test(text)) {
    throw new StandinError('invalid', `'${text}' is not a duration.`, { hint: 'Write a number with its unit: 500ms, 30s, 5m, 1h30m, 7d.' })
  }
  let ms = 0
  for (const [, amount, unit] of text.matchAll(part)) ms += Number(amount) * units[unit as keyof typeof units]
  return Math.round(ms)
}

/** A duration that something lasts: of at least `minimum` milliseconds. */
export function parseSpan(minimum: number, maximum = Number.POSITIVE_INFINITY): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text)
    if (ms < minimum) throw new StandinError('invalid', `'${text}' is too short: at least ${formatAge(minimum)} is needed.`)
    if (ms > maximum) throw new StandinError('invalid', `'${text}' is too long: at most ${formatAge(maximum)} is possible.`)
    return ms
  }
}

/** Milliseconds → what a person reads in a table: `850ms`, `42s`, `12m`, `3h`, `5d`. */
export function formatAge(ms: number): string {
  const value = Math.max(0, ms)
  if (value < 1000) return `${Math.round(value)}ms`
  if (value < units.m) return `${Math.floor(value / units.s)}s`
  if (value === units.h) return '1h'
  if (value < 2 * units.h) return `${Math.round(value / units.m)}m`
  if (value < 2 * units.d) return `${Math.floor(value / units.h)}h`
  return `${Math.floor(value / units.d)}d`
}

/** Milliseconds → how long a step took, to be compared with others: `12ms`, `1.2s`, `3m05s`. */
export function formatElapsed(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`
  const minutes = Math.floor(ms / 60_000)
  return `${minutes}m${String(Math.floor((ms % 60_000) / 1000)).padStart(2, '0')}s`
}

/**
 * A moment for `--since` and `--until` → milliseconds since the epoch. `10m` means ten minutes ago; an ISO 8601 date or
 * instant stands for itself, local time where it names no zone; `15:40` is today's.
 */
export function parseMoment(text: string, now: number = Date.now()): number {
  if (whole.test(text)) return now - parseDuration(text)
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text)
  if (clock) {
    const date = new Date(now)
    date.setHours(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), 0)
    return date.getTime()
  }
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text)
    ? Date.parse(`${text}T00:00:00`)
    : /^\d{4}-\d{2}-\d{2}[T ]/.test(text)
      ? Date.parse(text)
      : Number.NaN
  if (Number.isNaN(at)) {
    throw new StandinError('invalid', `'${text}' is not a moment.`, {
      hint: 'Write how long ago (10m, 2h), a time of today (15:40) or an ISO 8601 instant (2026-11-21T15:40:00Z).',
    })
  }
  return at
}

/** `512`, `10k`, `1.5MiB` → bytes; units are powers of 1024. */
export function parseSize(text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([kmgt]?)i?b?$/i.exec(text) ?? []
  const bytes = Math.round(Number(amount) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' '))
  if (amount === undefined || bytes < 1 || !Number.isSafeInteger(bytes)) {
    throw new StandinError('invalid', `'${text}' is not a size.`, { hint: 'Write a number with its unit: 512B, 10k, 1.5MiB.' })
  }
  return bytes
}

const sizes = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** Bytes → `512 B`, `3.4 MiB`. */
export function formatSize(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < sizes.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${sizes[unit]}`
}
