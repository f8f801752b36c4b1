const format = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 4, useGrouping: false })

/** `12.50 EUR`, `0.0002 EUR`: two decimals, or up to four where that says more. */
export function moneyText(amount: number, currency: string): string {
  return `${amount >= 1 ? amount.toFixed(2) : format.format(amount)} ${currency}`
}
