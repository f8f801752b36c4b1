import type { Event } from '@standin/client'
import type { Builds } from '../store/builds.ts'
import type { Environments } from '../store/environments.ts'
import type { Accesses } from '../store/people/accesses.ts'
import { roleIn, roleOn, type UserAccess } from '../store/people/user-access.ts'
import type { Templates } from '../store/templates.ts'

export interface EventSightParts {
  readonly environments: Environments
  readonly builds: Builds
  readonly templates: Templates
  readonly accesses: Accesses
}

/**
 * Which events a user sees: those of what they see now. What concerns no project (people, tokens, notices about nothing in
 * particular) is for managers everywhere.
 */
export class EventSight {
  readonly #parts: EventSightParts

  constructor(parts: EventSightParts) {
    this.#parts = parts
  }

  /** Null once they are inactive. */
  current(user: UserAccess): UserAccess | null {
    return this.#parts.accesses.of(user.id)
  }

  sees({ type, environment, build, data }: Event, user: UserAccess): boolean {
    const { environments, builds, templates } = this.#parts
    if (user.everywhere === 'manager') return true
    if (environment !== null) {
      const record = environments.get(environment)
      return record !== undefined && roleOn(user, record) !== null
    }
    if (build !== null) return roleIn(user, builds.get(build)?.project ?? null) !== null
    const template = templateOf(type, data)
    const project = template === null ? undefined : templates.projectOf(template)
    return project === null || (project !== undefined && roleIn(user, project) !== null)
  }
}

function templateOf(type: Event['type'], data: Event['data']): string | null {
  if (type === 'channel.set') return String(data.template)
  if (type === 'template.created' || type === 'template.deleted') return String(data.ref).split('@')[0] ?? null
  return null
}
