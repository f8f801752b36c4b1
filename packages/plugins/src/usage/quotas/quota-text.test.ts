import { expect, it } from 'vitest'
import { amountText } from './quota-text.ts'

it.each([
  [0, '0 MB'],
  [300_000, '0.3 MB'],
  [2 ** 30 - 2 ** 19, '1023.5 MB'],
  [2 ** 30, '1 GB'],
  [1.26 * 2 ** 40, '1290.2 GB'],
])('says how much storage %d octets are: %s', (octets, text) => {
  expect(amountText('storage', octets, 'EUR')).toBe(text)
})
