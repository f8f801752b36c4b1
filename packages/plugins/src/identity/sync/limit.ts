/** How many may go in one run: `10`, or a share of those who are active, `5%`. */
export type Most = number | string

/** @returns of so many; a share is rounded up, so that of a small company somebody may leave at all */
export function mostOf(most: Most, active: number): number {
  return typeof most === 'number' ? most : Math.ceil((active * Number(most.slice(0, -1))) / 100)
}
