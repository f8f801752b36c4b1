import { addressComparisons } from './address-comparisons.ts'
import type { Comparison } from './comparison.ts'
import { hostComparisons } from './host-comparisons.ts'
import { limitComparisons } from './limit-comparisons.ts'
import { recordComparisons } from './record-comparisons.ts'
import { serverComparisons } from './server-comparisons.ts'
import { writingComparisons } from './writing-comparisons.ts'

/** All of them. */
export const comparisons: readonly Comparison[] = [
  ...addressComparisons,
  ...serverComparisons,
  ...recordComparisons,
  ...hostComparisons,
  ...limitComparisons,
  ...writingComparisons,
]
