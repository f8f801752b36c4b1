import type { Event } from '@standin/client'

/** Where a plugin's events come from: the log of this process, or the stream of a control plane elsewhere. */
export interface EventSource {
  /** Sequence number of the oldest event that is kept, as of the last `list`; the next one's where none is. */
  readonly first: number
  /** Sequence number of the last event that is known of. */
  readonly last: number
  /** Events after a sequence number, oldest first. Outside of control it waits until control answers. */
  list(query: { after: number; limit: number }): readonly Event[] | Promise<readonly Event[]>
  /** Told when `last` has grown. @returns the unsubscribe */
  subscribe(listener: () => void): () => void
}

/** The way to a control plane that may go away and come back while a plugin goes on. Inside of control there is none. */
export interface ControlLink {
  /** How often control was gone, or the way to it. */
  readonly outages: number
  /** What somebody has to do something about, in words; null: nothing. */
  readonly trouble: string | null
  /** A request of the plugin found nobody there. */
  noteLost(): void
  /** Once control answers. @throws the signal's reason */
  reached(signal: AbortSignal): Promise<void>
}
