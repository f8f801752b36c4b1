import { StandinError } from '@standin/client'

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * `1500ms`, `90s`, `15m`, `1h30m`, `2d` in milliseconds; `0` needs no unit.
 * @throws StandinError `invalid`
 */
export function parseDuration(text: string): number {
  if (text === '0') return 0
  const parts = [...text.matchAll(/([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw new StandinError('invalid', `${text} is not a duration`, { hint: 'Write 90s, 15m, 1h30m or 2d' })
  }
  return Math.round(parts.reduce((sum, [, value, unit = '']) => sum + Number(value) * (units[unit] ?? 0), 0))
}
