/** How many may go in one run: `10`, or a share of those who are active, `5%`. */
export type Most = number | string

/**
 * @returns of so many; a share is rounded up, so that of a small company somebody may leave at all. All of several is more than
 * anything but `100%` allows: a filter that finds nobody any more is likelier than that
 */
export function mostOf(most: Most, all: number): number {
  const limit = typeof most === 'number' ? most : Math.ceil((all * Number(most.slice(0, -1))) / 100)
  return most === '100%' || all < 2 ? limit : Math.min(limit, all - 1)
}
