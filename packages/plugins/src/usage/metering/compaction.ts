import { setImmediate } from 'node:timers/promises'
import { parseCron } from '@standin/core'
import type { Book } from './book.ts'
import { holdings, type Minute, type Page } from './page.ts'
import { monthAfter, storageMonth } from './storage-month.ts'
import { minuteMs } from './usage-span.ts'

/** So many pages are looked at before others get their turn. */
const chunk = 500

/**
 * Makes old months smaller: of each day, what was used is kept under each owner, name, set of labels and number of SVMs, but
 * no longer at which times of the day; storage becomes the mean of those times. All sums over whole days stay what they were.
 */
export class Compaction {
  readonly #book: Book
  readonly #timeZone: string

  constructor(book: Book, timeZone: string) {
    this.#book = book
    this.#timeZone = timeZone
  }

  /** @param before months of UTC that end by then */
  async run(before: Minute, signal: AbortSignal): Promise<void> {
    const { cursor, bounds } = this.#book
    if (cursor === null) return
    let month = monthStart(bounds.compactedTo) ?? Math.max(cursor.since, bounds.keptFrom)
    for (let end = monthAfter(month); end <= before; month = end, end = monthAfter(end)) {
      const days = this.#days(month, end)
      let smaller: { key: string; page: Page }[] = []
      let seen = 0
      let bytes = 0
      for await (const { key, page } of this.#book.fullPages(storageMonth(month))) {
        const compacted = compactPage(page, days)
        if (compacted.changes.length < page.changes.length) smaller.push({ key, page: compacted })
        bytes += JSON.stringify(compacted).length + key.length
        seen += 1
        if (seen % chunk > 0) continue
        signal.throwIfAborted()
        await this.#book.replacePages(smaller)
        smaller = []
        await setImmediate()
      }
      await this.#book.replacePages(smaller)
      await this.#book.setBounds({ compactedTo: storageMonth(end) }, [this.#book.sizeChange(storageMonth(month), 'pages', bytes)])
    }
  }

  /** Where days begin, local time. */
  #days(from: Minute, to: Minute): Minute[] {
    const midnights = parseCron('0 0 * * *', this.#timeZone)
    const days: Minute[] = []
    for (let at = midnights.next(from * minuteMs); at !== null && at < to * minuteMs; at = midnights.next(at)) days.push(at / minuteMs)
    return days
  }
}

/** @param days where days begin, in order. @param page with an end */
function compactPage(page: Page, days: readonly Minute[]): Page {
  const end = page.to ?? page.last
  const values: (readonly [number, number, number])[] = []
  const changes: number[] = []
  let last = page.from
  let at = page.from
  const bounds = days.filter((day) => day > page.from && day < end)
  for (const to of [...bounds, end]) {
    for (const { value, minutes } of dayOf(page, at, to)) {
      let index = values.findIndex((each) => each.every((part, n) => part === value[n]))
      if (index < 0) index = values.push(value) - 1
      if (changes.at(-1) !== index) {
        changes.push(at - last, index)
        last = at
      }
      at += minutes
    }
  }
  return { ...page, last, values, changes }
}

/** In the order in which they first came. */
function dayOf(page: Page, from: Minute, to: Minute): { value: readonly [number, number, number]; minutes: number }[] {
  const sums: { face: number; svms: number; minutes: number; storageMinutes: number }[] = []
  for (const held of holdings(page, from, to)) {
    const [face, svms, mebibytes] = page.values[held.value] as Page['values'][number]
    const minutes = (held.to ?? to) - held.from
    const sum = sums.find((each) => each.face === face && each.svms === svms)
    if (sum === undefined) sums.push({ face, svms, minutes, storageMinutes: minutes * mebibytes })
    else {
      sum.minutes += minutes
      sum.storageMinutes += minutes * mebibytes
    }
  }
  return sums.map(({ face, svms, minutes, storageMinutes }) => ({ value: [face, svms, storageMinutes / minutes], minutes }))
}

function monthStart(month: string): Minute | null {
  return month === '' ? null : Date.parse(`${month}-01T00:00:00Z`) / minuteMs
}
