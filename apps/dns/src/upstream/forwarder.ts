import { AnswerCache, variantOf } from '../cache/answer-cache.ts'
import { FailureMemory } from '../cache/failure-memory.ts'
import { defaultForwarding, type ForwardingSettings, type UpstreamGroup, type UpstreamServer } from '../dnsmasq/settings.ts'
import type { Answer } from '../wire/answer.ts'
import type { WireName } from '../wire/name.ts'
import { size } from '../wire/protocol.ts'
import type { Query } from '../wire/query.ts'
import { AddressRules } from './address-rules.ts'
import { loops, overloaded, rebinding, stopping } from './failing-answers.ts'
import type { ForwarderCounters } from './forwarder-counters.ts'
import type { ForwarderOptions } from './forwarder-options.ts'
import { LoopMarker, type Trail, trailOf } from './loop-marker.ts'
import { PendingQuestion } from './pending-question.ts'
import type { QuestionContext } from './question-context.ts'
import { RandomOctets } from './random-octets.ts'
import { addressesIn } from './reply-facts.ts'
import type { UpstreamLink } from './upstream-link.ts'
import { UpstreamLinks } from './upstream-links.ts'
import { type OrderMode, turnOf } from './upstream-order.ts'
import type { UpstreamQuestion } from './upstream-question.ts'

/** Whom to ask for a name; undefined: nobody. */
export type UpstreamChoice = (name: WireName, labels: readonly number[]) => UpstreamGroup | undefined

const defaultSettings: ForwardingSettings = { ...defaultForwarding, cacheSize: 10_000 }
const defaultCacheBytes = 64 << 20
const defaultStaleFor = 86_400
/** Less than the five seconds after which askers commonly ask again (resolv.conf(5)). */
const defaultDeadlineMs = 4500
const defaultLimit = 1000
/** For each question under way, so many may wait on the average. */
const waitersFor = 10
const nobody: Trail = Buffer.alloc(0)
/** Between one loop that is told and the next, ms. */
const betweenLoopsMs = 60_000
const tickMs = 20
/** While nothing is asked, but sockets are open. */
const idleTickMs = 500
const sweepMs = 100

/**
 * Answers from the cache, or asks upstreams: who is asked first, when another one is, what counts as an answer. Equal
 * questions under way are one.
 */
export class Forwarder implements QuestionContext {
  settings: ForwardingSettings
  cache: AnswerCache
  rules: AddressRules
  readonly random = new RandomOctets()
  readonly marker: LoopMarker
  readonly deadlineMs: number
  readonly counters: ForwarderCounters = { missed: 0, joined: 0, answered: 0, failed: 0, overloaded: 0, looped: 0, rebinds: 0, waiting: 0 }
  /** Whether anybody can be asked for anything: recursion is available. */
  readonly hasUpstreams: boolean
  readonly #choose: UpstreamChoice
  readonly #options: ForwarderOptions
  #mode: OrderMode
  readonly #limit: number
  readonly #failures = new FailureMemory()
  readonly #pending = new Map<string, PendingQuestion>()
  readonly #links: UpstreamLinks
  #waiters = 0
  #tellLoopsAt = 0
  #timer: NodeJS.Timeout | undefined
  #timerIsIdle = false
  #sweptAt = 0
  #stopped = false

  /** `upstreams`: for all names, or who chooses by the name. */
  constructor(upstreams: readonly UpstreamServer[] | UpstreamChoice, options: ForwarderOptions = {}) {
    const settings = options.settings ?? defaultSettings
    this.settings = settings
    this.#options = options
    this.#choose = typeof upstreams === 'function' ? upstreams : oneGroup(upstreams)
    this.hasUpstreams = typeof upstreams === 'function' || upstreams.length > 0
    this.deadlineMs = options.deadlineMs ?? defaultDeadlineMs
    this.marker = new LoopMarker(options.identity)
    this.#limit = options.limit ?? defaultLimit
    this.#mode = modeOf(settings)
    this.#links = new UpstreamLinks(this.random, { idleMs: options.idleMs, onHealth: options.onHealth })
    this.rules = new AddressRules(settings)
    this.cache = this.#newCache()
  }

  /** All upstreams that were ever asked. */
  get links(): readonly UpstreamLink[] {
    return this.#links.all
  }

  /** The answer, at once if the cache has it; undefined: nobody may be asked for this name. Never rejects. */
  forward(query: Query): Answer | Promise<Answer> | undefined {
    const now = performance.now()
    const { message, questionEnd, checkingDisabled, edns } = query
    const dnssecOk = edns?.dnssecOk ?? false
    const variant = variantOf(dnssecOk, checkingDisabled)
    const kept = this.cache.find(message, questionEnd, variant, now)
    if (kept !== undefined) return kept
    const group = this.#choose(query.name, query.labels)
    if (group === undefined || group.servers.length === 0) return undefined
    this.counters.missed++
    const trail = edns === undefined ? nobody : trailOf(message, questionEnd)
    if (this.marker.isRound(trail)) return this.#loop(query)
    // Two who ask each other must not wait for each other with what their own clients have asked: the longer its way, the other
    // the question, so that nobody waits but for a longer one. It is not the trail itself, which anybody can invent: each
    // would be asked by itself, one more chance for a forger (RFC 5452, section 5).
    const key = String.fromCharCode(variant, query.type, trail.length) + query.name
    const known = this.#failures.find(key, now)
    if (known !== undefined) return known
    if (this.#stopped) return stopping
    const same = this.#pending.get(key)
    if (same?.hasLettersOf(message) === true) return this.#loop(query)
    if (same?.isOverdue === true) {
      const stale = this.cache.findStale(message, questionEnd, variant, now, 0)
      if (stale !== undefined) return stale
    }
    if (this.#waiters >= this.#limit * waitersFor || (same === undefined && this.#pending.size >= this.#limit)) {
      this.counters.overloaded++
      return overloaded
    }
    if (same !== undefined) {
      this.counters.joined++
      return this.#waitFor(same)
    }
    const pending = this.#open(
      { key, variant, group, question: { name: query.name, type: query.type, dnssecOk, checkingDisabled, trail } },
      now,
    )
    const answer = this.#waitFor(pending)
    pending.start(now)
    return answer
  }

  /** The answer that an upstream's alias led to among names of ours: rebind protection is for it as well. */
  readonly guard = (query: Query, answer: Answer): Answer => {
    if (this.rules.verdict(query.name, { records: answer.records, addresses: addressesIn(answer) }) !== 'rebind') return answer
    this.counters.rebinds++
    return rebinding
  }

  /** Takes other settings, and forgets what is kept, as other upstreams may say something else. What is under way goes on. */
  reload(settings: ForwardingSettings): void {
    const { hits, misses, stale, stored, evicted } = this.cache.counters
    this.settings = settings
    this.#mode = modeOf(settings)
    this.rules = new AddressRules(settings)
    this.cache = this.#newCache()
    Object.assign(this.cache.counters, { hits, misses, stale, stored, evicted })
    this.#failures.clear()
  }

  /** Ends what is under way, each with SERVFAIL. */
  close(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    for (const pending of [...this.#pending.values()]) pending.stop(stopping)
    this.#links.close()
  }

  onRebind({ name }: UpstreamQuestion, link: UpstreamLink): void {
    this.counters.rebinds++
    this.#options.onRebind?.(name, link.server)
  }

  settled(key: string, answer: Answer, failed: boolean): void {
    this.#pending.delete(key)
    this.counters.waiting = this.#pending.size
    if (!failed) this.counters.answered++
    else {
      this.counters.failed++
      if (!this.#stopped) this.#failures.remember(key, answer, performance.now())
    }
  }

  #loop({ name, source }: Query): Answer {
    this.counters.looped++
    const now = performance.now()
    if (now >= this.#tellLoopsAt) {
      this.#tellLoopsAt = now + betweenLoopsMs
      this.#options.onLoop?.(name, source)
    }
    return loops(source)
  }

  #newCache(): AnswerCache {
    const { settings } = this
    return new AnswerCache({
      entries: settings.cacheSize,
      bytes: this.#options.cacheBytes ?? defaultCacheBytes,
      minTtl: settings.minCacheTtl,
      ...(settings.maxCacheTtl === undefined ? {} : { maxTtl: settings.maxCacheTtl }),
      ...(settings.maxTtl === undefined ? {} : { maxGivenTtl: settings.maxTtl }),
      negatives: settings.keepNegatives,
      staleFor: this.#options.staleFor ?? defaultStaleFor,
    })
  }

  #open(parts: { key: string; variant: number; group: UpstreamGroup; question: UpstreamQuestion }, now: number): PendingQuestion {
    const { key, variant, group, question } = parts
    const turn = turnOf(this.#links.of(group), this.#mode, now)
    const message = Buffer.alloc(size.header + question.name.length + 4)
    message.write(question.name, size.header, 'latin1')
    message.writeUInt16BE(question.type, message.length - 4)
    message[message.length - 1] = 1
    const pending = new PendingQuestion({ key, question, variant, message, turn }, this, now)
    this.#pending.set(key, pending)
    this.counters.waiting = this.#pending.size
    this.#wake()
    return pending
  }

  #waitFor(pending: PendingQuestion): Promise<Answer> {
    this.#waiters++
    return new Promise((resolve) => {
      pending.waiters.push((answer) => {
        this.#waiters--
        resolve(answer)
      })
    })
  }

  /** One timer for all: those of single questions would cost more than the questions. */
  #wake(): void {
    if (this.#timer !== undefined && !this.#timerIsIdle) return
    clearTimeout(this.#timer)
    this.#timerIsIdle = false
    this.#arm(tickMs)
  }

  /** After what has come in meanwhile: where the process was held up, replies are late in nobody's eyes but ours. */
  #arm(ms: number): void {
    this.#timer = setTimeout(() => setImmediate(() => this.#tick()), ms)
  }

  #tick(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#stopped) return
    const now = performance.now()
    for (const pending of [...this.#pending.values()]) pending.tick(now)
    if (now - this.#sweptAt >= sweepMs) {
      this.#sweptAt = now
      this.#links.sweep(now)
    }
    if (this.#pending.size > 0) this.#wake()
    else if (this.#links.areOpen) {
      this.#timerIsIdle = true
      this.#arm(idleTickMs)
    }
  }
}

function modeOf({ allServers, strictOrder }: ForwardingSettings): OrderMode {
  if (allServers) return 'all'
  return strictOrder ? 'strict' : 'best'
}

function oneGroup(servers: readonly UpstreamServer[]): UpstreamChoice {
  const group: UpstreamGroup = { label: 'default', servers }
  return () => group
}
