const durationUnits: Record<string, number> = { us: 0.001, µs: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * `1m30s`, `500ms`, `2h` to milliseconds; null where it is none. Compose specification, "Specifying durations", plus `d`.
 * A result below a millisecond is rounded up to one, so that a small duration never becomes "none".
 */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim()
  if (trimmed === '0') return 0
  let total = 0
  let rest = trimmed
  while (rest !== '') {
    const match = /^(\d+(?:\.\d+)?)(us|µs|ms|s|m|h|d)/.exec(rest)
    if (match === null) return null
    total += Number(match[1]) * (durationUnits[match[2] ?? ''] ?? 0)
    rest = rest.slice(match[0].length)
  }
  if (trimmed === '' || !Number.isSafeInteger(Math.ceil(total))) return null
  return total > 0 ? Math.max(1, Math.round(total)) : 0
}

const sizePowers: Record<string, number> = { '': 0, k: 1, m: 2, g: 3, t: 4 }

/**
 * `512m`, `1.5GB`, `64MiB`, `4096` to bytes; null where it is none. Units are powers of 1024 with and without the `i`,
 * as Compose has them ("Specifying byte values").
 */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text.trim())
  if (match === null) return null
  const bytes = Math.round(Number(match[1]) * 1024 ** (sizePowers[(match[2] ?? '').toLowerCase()] ?? 0))
  return Number.isSafeInteger(bytes) ? bytes : null
}
