import { StandinError, type UserRights } from '@standin/client'
import type { PluginCaller } from '@standin/core'
import type { UsageSpan } from './metering/usage-span.ts'

/**
 * Whose usage somebody is told of: that of projects in which they have a role, and of what is theirs and in no project. Who asks with a
 * token without a user, or is manager everywhere, is told of everything. It goes by the project and the owner of each minute: who sees
 * an environment now is not told what it used for another project before.
 */
export class Sight {
  readonly #user: UserRights | null

  /** @param user null: a token without one */
  constructor(user: UserRights | null) {
    this.#user = user
  }

  get isWhole(): boolean {
    return this.#user === null || this.#user.everywhere === 'manager'
  }

  /** Who asks: all tokens without a user are one. */
  get asker(): string {
    return this.#user?.id ?? ''
  }

  project(name: string): boolean {
    const user = this.#user
    return user === null || user.everywhere !== null || Object.hasOwn(user.roles, name)
  }

  /** What an owner has all in all. */
  owner(name: string): boolean {
    return this.isWhole || this.#user?.userName === name
  }

  span({ labels: { project = '' }, ownerId }: Pick<UsageSpan, 'labels' | 'ownerId'>): boolean {
    if (project !== '') return this.project(project)
    return this.isWhole || ownerId === this.#user?.id
  }

  /** Whether what was made for another sight may be told: it is that of the same one, who still sees all that it holds. */
  includes(other: Sight): boolean {
    const [mine, theirs] = [this.#user, other.#user]
    if (mine === null) return true
    if (mine.id !== theirs?.id) return false
    if (this.isWhole) return true
    if (other.isWhole || (theirs.everywhere !== null && mine.everywhere === null)) return false
    return Object.keys(theirs.roles).every((name) => this.project(name))
  }
}

export const wholeSight = new Sight(null)

/** Of who sends a request to a route that asks for a token. */
export function sightOf({ pluginCaller }: { readonly pluginCaller: PluginCaller | null }): Sight {
  if (pluginCaller === null) throw new StandinError('unauthenticated', 'what was used is told to nobody without a token')
  return new Sight(pluginCaller.user)
}
