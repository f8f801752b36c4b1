import type { Authority } from './authority.ts'

/**
 * | outcome | what it means |
 * |---|---|
 * | `trusted`, `removed` | it was put there, it was taken away |
 * | `unchanged` | it was that way already |
 * | `skipped` | it was not tried; the message says what it would take |
 * | `failed` | it was tried; the message says what went wrong |
 */
export type Outcome = 'trusted' | 'removed' | 'unchanged' | 'skipped' | 'failed'

/** What became of one store. */
export interface StoreReport {
  /** Whose it is: `Chromium, Chrome, Edge`. */
  readonly store: string
  /** Where it is; empty where it is nowhere. */
  readonly place: string
  readonly outcome: Outcome
  readonly message: string
}

/** Something that programs look into to know whom to trust. */
export interface TrustStore {
  add(authority: Authority): Promise<StoreReport>
  remove(authority: Authority): Promise<StoreReport>
}
