/**
 * A time over which nothing that is billed changed of one environment, or of one template that is stored. Spans of one thing
 * never overlap, and where they meet they share the instant: minutes add up to the minutes that went by.
 *
 * A minute belongs to what holds at its end: spans begin and end on whole minutes of UTC, each change taken back to the start
 * of the minute in which it came. So of what lived from 10:00:40 to 10:02:10, the minutes 10:00 and 10:01 are billed, and what
 * came and went within one minute is not.
 */
export interface UsageSpan {
  /** configId; null: this is the storage of a template. */
  readonly environment: number | null
  /** `shop@7`: of what the environment was cloned, or the template itself; null: it was not cloned. */
  readonly template: string | null
  /** As it was called in this time, as are owner and labels. */
  readonly name: string
  readonly owner: string
  /** Of the user whose it was; absent: nobody's who has one. The name alone could be that of a token. */
  readonly ownerId?: string
  readonly labels: Readonly<Record<string, string>>
  /** ms since the epoch, a whole minute, inclusive. */
  readonly from: number
  /** ms since the epoch, a whole minute, exclusive; null: it goes on, and no end of the range was given. */
  readonly to: number | null
  /** Of the host instances that run; 0: nothing runs. */
  readonly svms: number
  /** In whole MiB, rounded up; in months that are kept as totals of days, the mean of the day. */
  readonly storageBytes: number
}

export interface UsageRange {
  /** ms since the epoch; brought to the whole minute before. */
  readonly from: number
  /** ms since the epoch, exclusive; never later than the last whole minute. Absent: what goes on has no end. */
  readonly to?: number
  /** configId: of this environment only. */
  readonly environment?: number
}

/** A time of which events are missing. SVMs of which nothing is known in it are not billed, storage is. */
export interface UsageGap {
  /** Sequence numbers of the events that are missing, both included. */
  readonly events: readonly [from: number, to: number]
  /** ms since the epoch. */
  readonly from: number
  readonly to: number
  /** So many environments may have been billed too little. */
  readonly environments: number
}

/** A month that is closed. It never changes. */
export interface UsageMonth {
  /** `2026-11` */
  readonly month: string
  /** ms since the epoch: where the month before ended, or metering began; and where this one ends. */
  readonly from: number
  readonly to: number
  readonly timeZone: string
  readonly closedAt: number
  /** Environments and templates. */
  readonly things: number
  readonly svmMinutes: number
  /** MiB times minutes. */
  readonly storageMinutes: number
  readonly gaps: readonly UsageGap[]
  /** So many {@link UsageLine}s. */
  readonly lines: number
}

/** What one thing used in a month under one owner, name and set of labels. */
export interface UsageLine extends Pick<UsageSpan, 'environment' | 'template' | 'name' | 'owner' | 'labels'> {
  readonly svmMinutes: number
  /** MiB times minutes. */
  readonly storageMinutes: number
  /** Minutes in which something ran. */
  readonly runningMinutes: number
}

/** What was used, by whom, when. Exact to the minute from {@link since} on, except for {@link Ledger.gaps}. */
export interface Ledger {
  /** Where metering began, ms since the epoch; null: it has not begun. */
  readonly since: number | null
  /** Cut to the range, those of one thing in order. Two that follow one another may be equal in all but their times. */
  spans(range: UsageRange): AsyncIterable<UsageSpan>
  /** What goes on now, one for each environment and template; from memory. What was before its `from` does not change any more. */
  current(): Iterable<UsageSpan>
  /** Oldest first. */
  months(): Promise<UsageMonth[]>
  /** Of a closed month, for as long as details are kept. */
  lines(month: string): AsyncIterable<UsageLine>
  /** Times of which events are missing, oldest first. */
  gaps(): Promise<UsageGap[]>
}

export const minuteMs = 60_000
export const mebibyte = 1 << 20
