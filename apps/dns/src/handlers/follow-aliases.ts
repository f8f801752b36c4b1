import { type Answer, bareAnswer } from '../wire/answer.ts'
import type { WireName } from '../wire/name.ts'
import { extendedError, rcode } from '../wire/protocol.ts'
import type { Query } from '../wire/query.ts'
import { labelsBelow } from '../zones/origin.ts'
import type { RecordTable } from '../zones/record-table.ts'
import { type AliasEnd, aliasEnd, joinAnswers } from './alias-end.ts'
import { drop, type Handler } from './handler.ts'
import { questionFor } from './question-for.ts'

/** How often somebody is asked for what is at the end of an alias. */
const longestChain = 8

const circle = bareAnswer(rcode.SERVFAIL, {
  code: extendedError.OTHER,
  text: 'the aliases of this name go round in a circle, or are too many',
})

interface HasHandler {
  readonly handle: Handler
}

/**
 * Makes the links of the chain that know names follow aliases from one to another: an alias of dnsmasq's file to a host of
 * an environment or to somebody else's name, and one that an upstream has for a name of ours, of which it knows nothing.
 * What an upstream itself did not find is not asked of it again. `guard` has the last word on where an upstream's alias leads
 * to: an address of ours is as private as one that the upstream could have said itself.
 */
export function followAliases<L extends HasHandler>(own: readonly L[], upstreams: L, table: RecordTable, guard: Guard): L[] {
  const isOurs = (name: WireName, labels: readonly number[]) =>
    (table.zone !== undefined && labelsBelow(table.zone.domain, name, labels) >= 0) || table.aliases?.find(name) !== undefined
  const everybody = [...own, upstreams]
  return everybody.map((link) => ({ ...link, handle: new Follower(everybody, everybody.indexOf(link), isOurs, guard).handle }))
}

type Guard = (query: Query, answer: Answer) => Answer

class Follower {
  /** The last of them are the upstreams. */
  readonly #links: readonly HasHandler[]
  readonly #at: number
  readonly #first: Handler
  readonly #isOurs: (name: WireName, labels: readonly number[]) => boolean
  readonly #guard: Guard

  /** `at`: which of the links this is. */
  constructor(links: readonly HasHandler[], at: number, isOurs: (name: WireName, labels: readonly number[]) => boolean, guard: Guard) {
    this.#links = links
    this.#at = at
    this.#first = (links[at] as HasHandler).handle
    this.#isOurs = isOurs
    this.#guard = guard
  }

  readonly handle: Handler = (query) => {
    const outcome = this.#first(query)
    if (outcome === undefined || outcome === drop) return outcome
    if (outcome instanceof Promise) return outcome.then((answer) => this.#follow(query, answer, this.#at, longestChain))
    return this.#follow(query, outcome, this.#at, longestChain)
  }

  /** `from`: the link that the answer is of. */
  #follow(query: Query, answer: Answer, from: number, left: number): Answer | Promise<Answer> {
    const whole = this.#lead(query, answer, from, left)
    if (whole === answer || from !== this.#links.length - 1) return whole
    return whole instanceof Promise ? whole.then((found) => this.#guard(query, found)) : this.#guard(query, whole)
  }

  /** The same answer, if it leads nowhere. */
  #lead(query: Query, answer: Answer, from: number, left: number): Answer | Promise<Answer> {
    const end = aliasEnd(query, answer, this.#isOurs)
    if (end === undefined) return answer
    if (end.isCircle || left === 0) return circle
    const next = questionFor(query, end.target)
    const upstreams = this.#links.length - 1
    for (let at = 0; at < (from === upstreams ? upstreams : this.#links.length); at++) {
      const outcome = (this.#links[at] as HasHandler).handle(next)
      if (outcome === undefined || outcome === drop) continue
      if (outcome instanceof Promise) return outcome.then((found) => this.#followed(answer, end, next, found, at, left))
      return this.#followed(answer, end, next, outcome, at, left)
    }
    return answer
  }

  #followed(first: Answer, end: AliasEnd, next: Query, found: Answer, from: number, left: number): Answer | Promise<Answer> {
    const last = this.#follow(next, found, from, left - 1)
    return last instanceof Promise ? last.then((answer) => join(first, end, next, answer)) : join(first, end, next, last)
  }
}

/** A failure says nothing of the name, so nothing is said at all. */
function join(first: Answer, end: AliasEnd, query: Query, last: Answer): Answer {
  return last.rcode === rcode.NOERROR || last.rcode === rcode.NXDOMAIN ? joinAnswers(first, end, query, last) : last
}
