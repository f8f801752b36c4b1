import { isBelow } from './path-prefix.ts'
import type { Target } from './target.ts'

/**
 * The targets of each host name, as lists in which a longer path stands before a shorter one, and of equal ones the one
 * that was added last stands first: it hides the other, which is there again when it goes. So an alias that moves from
 * one environment to another always leads to one of them, in whichever order they change. Nearly every list has one
 * target: then the list is the target itself.
 */
export class HostTargets {
  readonly #heads: Map<string, Target>

  /** @param heads the map to keep them in; tests count what is done to it */
  constructor(heads = new Map<string, Target>()) {
    this.#heads = heads
  }

  find(host: string, path: string): Target | undefined {
    let target: Target | null | undefined = this.#heads.get(host)
    if (target === undefined || target.prefix === '') return target
    while (target !== null && !isBelow(target.prefix, path)) target = target.next
    return target ?? undefined
  }

  /** The first of the list: any target tells who has the name. */
  first(host: string): Target | undefined {
    return this.#heads.get(host)
  }

  add(target: Target): void {
    const head = this.#heads.get(target.host)
    if (head === undefined || goesBefore(target, head)) {
      target.next = head ?? null
      this.#heads.set(target.host, target)
      return
    }
    let before = head
    while (before.next !== null && !goesBefore(target, before.next)) before = before.next
    target.next = before.next
    before.next = target
  }

  remove(target: Target): void {
    const head = this.#heads.get(target.host)
    if (head === target) {
      if (target.next === null) this.#heads.delete(target.host)
      else this.#heads.set(target.host, target.next)
      return
    }
    for (let before = head; before !== undefined && before.next !== null; before = before.next) {
      if (before.next !== target) continue
      before.next = target.next
      return
    }
  }
}

const goesBefore = (target: Target, other: Target): boolean => target.prefix.length >= other.prefix.length
