/**
 * How a follower stands to control:
 *
 * | from | to | when |
 * |---|---|---|
 * | `connecting` | `following` | the first message came |
 * | `connecting` | `lost` | control is not there, refuses, or says nothing |
 * | `following` | `lost` | the stream ended, broke, or fell silent |
 * | `lost` | `connecting` | a moment later, or as soon as control's address changes |
 * | any | `closed` | by `close` or the signal |
 */
export type LinkState = 'connecting' | 'following' | 'lost' | 'closed'

export const linkTransitions: Readonly<Record<LinkState, readonly LinkState[]>> = {
  connecting: ['following', 'lost', 'closed'],
  following: ['lost', 'closed'],
  lost: ['connecting', 'closed'],
  closed: [],
}

export interface FollowerStatus {
  readonly link: LinkState
  /** Milliseconds since the epoch. */
  readonly since: number
  /** Why it is lost; null otherwise. */
  readonly reason: string | null
  /** Where the table that is served comes from. */
  readonly source: 'none' | 'cache' | 'control'
  readonly epoch: string | null
  readonly revision: number
  readonly entries: number
}
