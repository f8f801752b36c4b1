import { randomUUID } from 'node:crypto'
import { StandinError } from '@standin/client'
import type { LiveEnvironment } from '@standin/client/connect'
import { suspendLabels } from '@standin/client/suspend-labels'
import type { PluginContext } from '@standin/core'
import { checkSeat } from './check-seat.ts'
import type { ClassBook } from './class-book.ts'
import type { ClassConfig } from './classroom-config.ts'
import type { Step } from './next-step.ts'
import { afterEnd, afterFailure, afterSwap, type Copy, copiesOf, type Seat } from './seat.ts'
import { isGone, type SeenEnvironments, seatLabels } from './seen-environments.ts'

/** What is found not to be well is looked at again for so long, ms. */
const unwellMs = 2 * 60_000
/** What would be refused again. Everything else is the platform's trouble, and is tried again in a minute. */
const refusals: readonly string[] = ['quota', 'usage', 'not-found', 'conflict']

export interface SeatWork {
  readonly config: Pick<ClassConfig, 'project' | 'check'>
  readonly name: string
  /** Of the session that is prepared or held; null: there is none. */
  readonly session: number | null
  readonly signal: AbortSignal
  readonly print: (line: string) => void
}

/** Does what is to be done with a seat, one step at a time. What a step begins is written down before it is begun. */
export class SeatWorker {
  readonly #context: Pick<PluginContext, 'client' | 'clock'>
  readonly #book: ClassBook
  readonly #seen: SeenEnvironments

  constructor(context: Pick<PluginContext, 'client' | 'clock'>, book: ClassBook, seen: SeenEnvironments) {
    this.#context = context
    this.#book = book
    this.#seen = seen
  }

  /** @returns whether there may be more to do at once */
  async perform(seat: Seat, step: Step, work: SeatWork): Promise<boolean> {
    const { print, signal, session, name } = work
    switch (step.do) {
      case 'wait':
        return false
      case 'tell':
        return this.#tell(seat, work)
      case 'publish':
        return this.#publish(seat, work)
      case 'rename':
        return this.#rename(seat, work)
      case 'retire':
        if (seat.host !== null) await quietly(this.#context.client.aliases.delete(seat.host, { signal }))
        return this.#save({ ...afterEnd(seat), alias: null, host: null })
      case 'restore':
        return this.#restore(seat, work)
      case 'forget':
        return this.#save(without(seat, step.copy))
      case 'remove':
        return this.#remove(step.copy, work)
      case 'begin':
        return this.#begin(seat, step.round, work)
      case 'create':
        return this.#create(seat, work)
      case 'drop-next':
        return this.#save({ ...seat, next: null, failure: null, leaving: [...seat.leaving, ...(seat.next === null ? [] : [seat.next])] })
      case 'fail-next':
        return this.#fail(seat, step.round, step.because, work)
      case 'report':
        return this.#report(seat, step.round, step.because, work)
      case 'wake':
        print(`${name}: wake ${step.copy.environment}`)
        return this.#wake(seat, step, work)
      case 'rest':
        print(`${name}: suspend ${step.copy.environment}`)
        return this.#rest(step.copy, signal)
      case 'check-next': {
        const trouble = await this.#check(seat.next, work)
        if (trouble !== null) return this.#unwell(seat, 'next', trouble, step.round, work)
        print(`${name}: ${seat.next?.environment} is ready`)
        return this.#save(afterSwap(seat, session))
      }
      case 'check-current': {
        const trouble = await this.#check(step.copy, work)
        if (trouble !== null) return this.#unwell(seat, 'current', trouble, step.round, work)
        print(`${name}: ${step.copy.environment} is ready`)
        return this.#save({ ...seat, current: { ...step.copy, unwellSince: null, trouble: null }, checkedFor: session })
      }
    }
  }

  async #save(seat: Seat): Promise<true> {
    await this.#book.saveSeat(seat)
    return true
  }

  async #begin(seat: Seat, round: string, { name, print }: SeatWork): Promise<boolean> {
    const { pinned } = this.#book.record
    if (pinned === null) return false
    const free = this.#seen.hasName(name) ? `${name}-new` : name
    const { template } = pinned
    const attempts = seat.round === round ? seat.attempts : 0
    const next: Copy = {
      ...{ key: randomUUID(), name: free, round, template, beganAt: this.#context.clock.now() },
      ...{ environment: null, unwellSince: null, trouble: null, revivedFor: null },
    }
    print(`${name}: clone ${template}${attempts > 0 ? ', once more' : ''}`)
    return this.#save({ ...seat, round, attempts, failure: null, next })
  }

  async #create(seat: Seat, work: SeatWork): Promise<boolean> {
    const { next } = seat
    if (next === null) return false
    const { signal, config, name } = work
    const labels = {
      ...{ [seatLabels.class]: seat.class, [seatLabels.seat]: String(seat.number), [seatLabels.key]: next.key },
      ...{ [suspendLabels.pin]: `seat ${seat.number} of the class ${seat.class}` },
      ...(config.project === undefined ? {} : { project: config.project }),
    }
    try {
      const body = { template: next.template, name: next.name, labels }
      const made = await this.#context.client.environments.create(body, { signal, idempotencyKey: next.key })
      this.#seen.note(made)
      return await this.#save({ ...seat, next: { ...next, environment: made.id } })
    } catch (error) {
      if (!(error instanceof StandinError && refusals.includes(error.kind))) throw error
      const none = { ...seat, next: null }
      if (error.kind !== 'quota' || seat.current === null || seat.attempts > 0) return this.#fail(none, next.round, error.message, work)
      work.print(`${name}: there is no room for two (${error.message}): ${seat.current.environment} goes first`)
      return this.#save({ ...none, attempts: 1, aside: seat.current, current: null })
    }
  }

  async #check(copy: Copy | null, { config, signal }: SeatWork): Promise<string | null> {
    const environment = copy === null ? undefined : this.#seen.of(copy)
    return environment === undefined ? 'it is gone' : checkSeat(environment, config.check, signal)
  }

  async #unwell(seat: Seat, which: 'current' | 'next', trouble: string, round: string, work: SeatWork): Promise<boolean> {
    const copy = seat[which]
    if (copy === null) return false
    const now = this.#context.clock.now()
    const unwellSince = copy.unwellSince ?? now
    if (now - unwellSince < unwellMs) {
      await this.#save({ ...seat, [which]: { ...copy, unwellSince, trouble } })
      return false
    }
    if (which === 'next') return this.#fail(seat, round, trouble, work)
    return this.#report({ ...seat, current: { ...copy, trouble, unwellSince: null }, checkedFor: work.session }, round, trouble, work)
  }

  async #fail(seat: Seat, round: string, because: string, { name, print }: SeatWork): Promise<boolean> {
    const now = this.#context.clock.now()
    const after = afterFailure(seat, round, because, now)
    const message = after.failure === null ? because : `given up: ${because}`
    print(`${name}: ${message}`)
    await this.#save(after)
    await this.#book.note({ at: now, seat: seat.number, message })
    return true
  }

  async #report(seat: Seat, round: string, message: string, { name, print }: SeatWork): Promise<boolean> {
    const now = this.#context.clock.now()
    print(`${name}: ${message}`)
    await this.#save({ ...seat, failure: { round, message, at: now, environment: seat.current?.environment ?? null, told: false } })
    await this.#book.note({ at: now, seat: seat.number, message })
    return true
  }

  async #tell(seat: Seat, { name, signal }: SeatWork): Promise<boolean> {
    const { failure } = seat
    if (failure === null) return false
    const notice = {
      kind: 'classroom.seat-failed',
      message: `${name}: ${failure.message}`.slice(0, 500),
      data: { class: seat.class, seat: seat.number, round: failure.round, environment: failure.environment },
    }
    const idempotencyKey = `seat-failed-${seat.class}-${seat.number}-${failure.at}`
    await this.#context.client.events.notify(notice, { signal, idempotencyKey })
    return this.#save({ ...seat, failure: { ...failure, told: true } })
  }

  /** Lead its host name to what it has now. One that somebody else has is left to them. */
  async #publish(seat: Seat, { name, signal, print, config }: SeatWork): Promise<boolean> {
    const { aliases } = this.#context.client
    const environment = seat.current?.environment ?? null
    if (environment === null) return false
    try {
      const before = await aliases.get(name, { signal }).catch((error: unknown) => {
        if (error instanceof StandinError && error.code === 'alias_not_found') return null
        throw error
      })
      const ours =
        before === null || before.environment === seat.alias || copiesOf(seat).some((copy) => copy.environment === before.environment)
      if (!ours) throw new StandinError('name_taken', `the host name ${before.host} leads to environment ${before.environment}`)
      const service = config.check === false || config.check.service === undefined ? {} : { service: config.check.service }
      const { host } = await aliases.set(name, { environment, ...service }, { signal })
      return await this.#save({ ...seat, alias: environment, host })
    } catch (error) {
      if (!(error instanceof StandinError && [...refusals, 'authentication'].includes(error.kind))) throw error
      print(`${name}: no name of its own: ${error.message}`)
      return this.#save({ ...seat, alias: environment, host: null })
    }
  }

  async #rename(seat: Seat, { name, signal }: SeatWork): Promise<boolean> {
    const environment = seat.current === null ? undefined : this.#seen.of(seat.current)
    if (environment === undefined) return false
    try {
      this.#seen.note(await environment.update({ name }, { signal }))
      return true
    } catch (error) {
      // Somebody else has it by now.
      if (error instanceof StandinError && error.code === 'name_taken') return false
      throw error
    }
  }

  async #remove(copy: Copy, { signal, print, name }: SeatWork): Promise<boolean> {
    const environment = this.#seen.of(copy)
    if (environment === undefined) return false
    print(`${name}: delete ${environment.id}`)
    try {
      await environment.delete({ reason: `the seat ${name} is made anew, or its class is over`, signal })
    } catch (error) {
      if (!isGone(error)) throw error
      environment.markDeleted()
    }
    return true
  }

  /** What had to go to make room comes back: there is nothing in its place. */
  async #restore(seat: Seat, { signal, print, name }: SeatWork): Promise<boolean> {
    const environment = seat.aside === null ? undefined : this.#seen.of(seat.aside)
    if (environment === undefined) return this.#save({ ...seat, aside: null })
    print(`${name}: ${environment.id} comes back`)
    try {
      if (environment.desired === 'deleted')
        this.#seen.note(await environment.undelete({ reason: `nothing new for the seat ${name}`, signal }))
    } catch (error) {
      if (!(isGone(error) || (error instanceof StandinError && error.kind === 'conflict'))) throw error
      return this.#save({ ...seat, aside: null })
    }
    return this.#save({ ...seat, aside: null, current: seat.aside })
  }

  async #wake(seat: Seat, { copy, round }: { copy: Copy; round: string }, work: SeatWork): Promise<boolean> {
    const { signal, session } = work
    const environment = this.#seen.of(copy)
    if (environment === undefined) return false
    const reason = `the class ${seat.class} begins`
    const revived = environment.state === 'failed' && copy.revivedFor !== session
    if (revived && copy === seat.current) await this.#save({ ...seat, current: { ...copy, revivedFor: session } })
    try {
      const woken = await (environment.state === 'suspended'
        ? environment.resume({ reason, signal })
        : environment.start({ reason, signal }))
      this.#seen.note(woken)
    } catch (error) {
      if (!(error instanceof StandinError && refusals.includes(error.kind))) throw error
      const latest = this.#book.seat(seat.number)
      const message = `it could not be woken: ${error.message}`
      if (copy === seat.next) return this.#fail(latest, copy.round, message, work)
      return this.#report({ ...latest, checkedFor: session }, round, message, work)
    }
    return true
  }

  async #rest(copy: Copy, signal: AbortSignal): Promise<boolean> {
    const environment = this.#seen.of(copy)
    if (environment === undefined) return false
    const reason = 'no session of its class is near'
    try {
      this.#seen.note(await suspend(environment, reason, signal))
    } catch (error) {
      if (!(error instanceof StandinError && error.kind === 'conflict')) throw error
    }
    return false
  }
}

async function suspend(environment: LiveEnvironment, reason: string, signal: AbortSignal): Promise<LiveEnvironment> {
  try {
    return await environment.suspend({ reason, signal })
  } catch (error) {
    if (!(error instanceof StandinError && error.code === 'unsupported')) throw error
    return environment.stop({ reason, signal })
  }
}

function without(seat: Seat, copy: Copy): Seat {
  const kept = (each: Copy | null) => (each?.key === copy.key ? null : each)
  return { ...seat, current: kept(seat.current), next: kept(seat.next), leaving: seat.leaving.filter((each) => each.key !== copy.key) }
}

async function quietly(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof StandinError && error.kind === 'not-found')) throw error
  })
}
