import { mebibyte, minuteMs, type UsageSpan } from './usage-span.ts'

/** Whose a thing is, and what it is called. */
export type Face = Pick<UsageSpan, 'name' | 'owner' | 'ownerId' | 'labels'>

/** What holds from one change to the next. */
export interface Holding {
  readonly face: Face
  readonly svms: number
  readonly mebibytes: number
}

/** All minutes are counted from the epoch. */
export type Minute = number

/**
 * What one thing used in a stretch of time: a value of the store. A month of one that is suspended every night takes about
 * 600 bytes. Pages are never changed, other ones take their place.
 */
export interface Page {
  readonly environment: number | null
  readonly template: string | null
  readonly from: Minute
  /** Null: it goes on. */
  readonly to: Minute | null
  /** When the last change came. */
  readonly last: Minute
  readonly faces: readonly Face[]
  /** Index of a face, SVMs, MiB. */
  readonly values: readonly (readonly [face: number, svms: number, mebibytes: number])[]
  /** Pairs: minutes since the change before, and what holds from then on, an index of `values`. The first one is at `from`. */
  readonly changes: readonly number[]
}

/** Beyond these a page is full, so that writing it costs the same, however often a thing changes. */
const most = { changes: 500, faces: 6 }

export function newPage(of: Pick<Page, 'environment' | 'template'>, at: Minute, { face, svms, mebibytes }: Holding): Page {
  const { environment, template } = of
  return { environment, template, from: at, to: null, last: at, faces: [face], values: [[0, svms, mebibytes]], changes: [0, 0] }
}

/** What holds at its end. */
export function holdingOf(page: Page): Holding {
  return holdingAt(page, page.changes.at(-1) ?? 0)
}

/**
 * Let something else hold from a minute on. Within a minute the last one counts; what comes before the last change counts as
 * coming with it.
 */
export function withChange(page: Page, at: Minute, holding: Holding): Page {
  const minute = Math.max(at, page.last)
  if (isSame(holding, holdingOf(page))) return page
  const before = minute === page.last ? withoutLast(page) : page
  const faces = [...before.faces]
  const values = [...before.values]
  const face = indexOrPush(faces, holding.face, isSameFace)
  const value = indexOrPush(
    values,
    [face, holding.svms, holding.mebibytes] as const,
    (a, b) => a[0] === b[0] && a[1] === b[1] && a[2] === b[2],
  )
  const { from, changes } = before
  if (changes.length === 0) return { ...page, faces, values, changes: [0, value] }
  // Also where it is what held before this minute: whoever was told of the change knows that all before it is final.
  return { ...page, from, last: minute, faces, values, changes: [...changes, minute - before.last, value] }
}

/** Whether a change at this minute belongs onto a new page. */
export function isFull({ changes, faces, last }: Page, at: Minute): boolean {
  return at > last && (changes.length / 2 >= most.changes || faces.length >= most.faces)
}

/** Times of a page within a range, with what holds in each. @param to exclusive; null: as far as the page goes */
export function* holdings(page: Page, from: Minute, to: Minute | null): Generator<{ from: Minute; to: Minute | null; value: number }> {
  const { changes } = page
  const end = to === null ? page.to : page.to === null ? to : Math.min(to, page.to)
  let at = page.from
  for (let index = 0; index < changes.length; index += 2) {
    at += changes[index] as number
    const next = index + 2 < changes.length ? at + (changes[index + 2] as number) : null
    const first = Math.max(at, from)
    const last = next === null ? end : end === null ? next : Math.min(next, end)
    if (last === null || first < last) yield { from: first, to: last, value: changes[index + 1] as number }
    if (end !== null && next !== null && next >= end) return
  }
}

/** @param from ms @param to ms, exclusive; null: as far as the page goes */
export function* spansOf(page: Page, from: Minute, to: Minute | null): Generator<UsageSpan> {
  const { environment, template } = page
  for (const held of holdings(page, from, to)) {
    const [face, svms, mebibytes] = page.values[held.value] as Page['values'][number]
    const times = { from: held.from * minuteMs, to: held.to === null ? null : held.to * minuteMs }
    yield { environment, template, ...(page.faces[face] as Face), ...times, svms, storageBytes: mebibytes * mebibyte }
  }
}

function holdingAt(page: Page, value: number): Holding {
  const [face, svms, mebibytes] = page.values[value] as Page['values'][number]
  return { face: page.faces[face] as Face, svms, mebibytes }
}

/** Without its last change, and without what only that one needed. */
function withoutLast(page: Page): Page {
  const changes = page.changes.slice(0, -2)
  const gone = page.changes.at(-1) as number
  const values = [...page.values]
  const faces = [...page.faces]
  if (gone === values.length - 1 && !changes.some((value, index) => index % 2 === 1 && value === gone)) {
    const [face] = values.pop() as Page['values'][number]
    if (face === faces.length - 1 && !values.some((value) => value[0] === face)) faces.pop()
  }
  return { ...page, last: page.last - (page.changes.at(-2) as number), faces, values, changes }
}

function indexOrPush<T>(list: T[], item: T, isEqual: (a: T, b: T) => boolean): number {
  const index = list.findIndex((each) => isEqual(each, item))
  return index >= 0 ? index : list.push(item) - 1
}

function isSame(a: Holding, b: Holding): boolean {
  return a.svms === b.svms && a.mebibytes === b.mebibytes && isSameFace(a.face, b.face)
}

function isSameFace(a: Face, b: Face): boolean {
  if (a === b) return true
  if (a.name !== b.name || a.owner !== b.owner || a.ownerId !== b.ownerId) return false
  const keys = Object.keys(a.labels)
  return keys.length === Object.keys(b.labels).length && keys.every((key) => a.labels[key] === b.labels[key])
}
