/**
 * Amounts are sums of fractions with one denominator, kept as whole numerators: nothing is rounded until they are shown.
 *
 * Bring them to so many decimals: the total is rounded once, half up; each row is rounded down, and what is missing to the
 * total then goes to the rows that lost most by it, one unit each, the earlier one of two that lost the same. So rows add up to
 * the total whatever they are grouped by (the method of the largest remainder).
 * @param numerators none of them negative
 * @returns in units of the last decimal
 */
export function apportion(numerators: readonly bigint[], denominator: bigint, decimals: number): { rows: bigint[]; total: bigint } {
  const scale = 10n ** BigInt(decimals)
  const rows: bigint[] = []
  const remainders: bigint[] = []
  let exact = 0n
  let given = 0n
  for (const numerator of numerators) {
    const scaled = numerator * scale
    const row = scaled / denominator
    rows.push(row)
    remainders.push(scaled - row * denominator)
    exact += scaled
    given += row
  }
  const total = (2n * exact + denominator) / (2n * denominator)
  const missing = Number(total - given)
  if (missing > 0) {
    const byLoss = remainders.map((_, index) => index)
    byLoss.sort((a, b) => compare(remainders[b] ?? 0n, remainders[a] ?? 0n) || a - b)
    for (const index of byLoss.slice(0, missing)) rows[index] = (rows[index] ?? 0n) + 1n
  }
  return { rows, total }
}

/** One amount by itself, half up. */
export function roundAmount(numerator: bigint, denominator: bigint, decimals: number): bigint {
  return (2n * numerator * 10n ** BigInt(decimals) + denominator) / (2n * denominator)
}

/** `1234567` with six decimals is `1.234567`. */
export function formatUnits(units: bigint, decimals: number): string {
  if (decimals === 0) return String(units)
  const digits = String(units).padStart(decimals + 1, '0')
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
