import { moneyText } from '../rates/money-text.ts'
import type { QuotaHolder, QuotaMeasure } from './quotas-config.ts'

/** `project shop` */
export function holderText({ kind, name }: QuotaHolder): string {
  return `${kind} ${name}`
}

/** `512 GB`, `3.4 MB`, `20`, `12.50 EUR` */
export function amountText(measure: QuotaMeasure, amount: number, currency: string): string {
  if (measure === 'moneyPerMonth') return moneyText(amount, currency)
  if (measure !== 'storage') return String(amount)
  // A clone shares its template's blocks: what it holds of its own is often far below a gigabyte, and not nothing.
  const [unit, bytes] = amount < 2 ** 30 ? ['MB', 2 ** 20] : ['GB', 2 ** 30]
  return `${Number((amount / bytes).toFixed(1))} ${unit}`
}

/** Who or what has how much of it, the most first. */
export interface QuotaShare {
  readonly name: string
  readonly used: number
}

const mostNamed = 3

/** `alice 9, bob 6, carol 3 and 2 others` */
export function sharesText(measure: QuotaMeasure, shares: readonly QuotaShare[], currency: string): string {
  const named = shares.slice(0, mostNamed).map(({ name, used }) => `${name || 'no project'} ${amountText(measure, used, currency)}`)
  const others = shares.length - named.length
  return `${named.join(', ')}${others > 0 ? ` and ${others} ${others === 1 ? 'other' : 'others'}` : ''}`
}

/** What is limited, in words. */
export const measureText: Readonly<Record<QuotaMeasure, string>> = {
  environments: 'environments',
  svms: 'running SVMs',
  storage: 'storage',
  moneyPerMonth: 'money per month',
}
