export { ControlLink, type ControlOptions } from './control-link.ts'
export { type Follower, type FollowerOptions, followTable } from './follow-table.ts'
export type { FollowerStatus, LinkState } from './status.ts'
export type { DeltaMeta, SnapshotMeta } from './table.ts'
