import type { EnvironmentState } from '@standin/client'
import { type Face, holdingOf, isFull, type Minute, newPage, type Page, withChange } from './page.ts'
import { monthAfter } from './storage-month.ts'
import { holdsHosts } from './svms.ts'

/** What is known of one thing that is metered, and its page that is being written. */
export interface Account {
  readonly page: Page
  readonly face: Face
  /** What its hosts take when they are up. */
  readonly svms: number
  readonly mebibytes: number
  readonly isUp: boolean
  /** What it was from this minute on is told by its next event; null: it is known. */
  readonly unsureFrom: Minute | null
}

/** What of an account may change. */
export type AccountPatch = Partial<Omit<Account, 'page'>>

/** What an account has become, and the pages that are full. */
export interface Written {
  /** Null: the thing is gone. */
  readonly account: Account | null
  readonly full: readonly Page[]
}

export function openAccount(of: Pick<Page, 'environment' | 'template'>, at: Minute, known: Omit<Account, 'page'>): Account {
  return { ...known, page: newPage(of, at, holdingFrom(known)) }
}

/** @param at what is before its last change counts as coming with it */
export function changeAccount(account: Account, at: Minute, patch: AccountPatch): Written & { readonly account: Account } {
  const known = { ...account, ...patch }
  const full: Page[] = []
  let page = account.page
  const minute = Math.max(at, page.last)
  // A page lies within one month, by which it is found.
  for (let end = monthAfter(page.from); end <= minute; end = monthAfter(end)) {
    full.push({ ...page, to: end })
    page = newPage(page, end, holdingOf(page))
  }
  if (isFull(page, minute)) {
    full.push({ ...page, to: minute })
    page = newPage(page, minute, holdingFrom(known))
  } else {
    page = withChange(page, minute, holdingFrom(known))
  }
  return { account: { ...known, page }, full }
}

/** One change after the other. */
export function changeInTurn(account: Account, ...changes: readonly (readonly [at: Minute, patch: AccountPatch])[]): Written {
  const full: Page[] = []
  let now = account
  for (const [at, patch] of changes) {
    const changed = changeAccount(now, at, patch)
    full.push(...changed.full)
    now = changed.account
  }
  return { account: now, full }
}

/** It is gone. */
export function closeAccount(account: Account, at: Minute): Written {
  const minute = Math.max(at, account.page.last)
  const { account: left, full } = changeAccount(account, minute, {})
  return { account: null, full: minute > left.page.from ? [...full, { ...left.page, to: minute }] : full }
}

/** What is unsure is known now: this is what it was all the time. */
export function settleAccount(account: Account, state: EnvironmentState): Written & { readonly account: Account } {
  if (account.unsureFrom === null) return { account, full: [] }
  return changeAccount(account, account.unsureFrom, { isUp: holdsHosts[state], unsureFrom: null })
}

function holdingFrom({ face, svms, mebibytes, isUp }: Omit<Account, 'page'>) {
  return { face, svms: isUp ? svms : 0, mebibytes }
}
