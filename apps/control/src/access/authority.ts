import { type Permission, type Role, type Scope, StandinError } from '@standin/client'
import { type EnvironmentQueries, environmentNotFound } from '../store/environment-queries.ts'
import type { EnvironmentRecord } from '../store/environment-record.ts'
import type { Accesses } from '../store/people/accesses.ts'
import { greatestRole, includes, roleIn, roleOn, type UserAccess } from '../store/people/user-access.ts'
import type { Templates } from '../store/templates.ts'
import type { Caller, Tokens } from '../store/tokens.ts'
import { lacksRole, lacksRoleEverywhere } from './refusals.ts'

export interface AuthorityParts {
  readonly queries: EnvironmentQueries
  readonly templates: Templates
  readonly accesses: Accesses
  readonly tokens: Pick<Tokens, 'isGood'>
}

/** What of a path a rule is about. */
export type PathParams = Readonly<Record<string, unknown>>

/**
 * Judges requests of users by the table of permissions. What a user does not see is told as what is not there. Requests
 * without a user are judged by their scope before they come here.
 */
export class Authority {
  readonly #parts: AuthorityParts

  constructor(parts: AuthorityParts) {
    this.#parts = parts
  }

  /**
   * The part of the rule that the path tells. What `seen` and `named` leave to the endpoint is the endpoint's.
   * @throws StandinError `forbidden`; `environment_not_found`, `template_not_found` for what is not seen
   */
  enforce(permission: Permission, { user }: Caller, params: PathParams): void {
    if (user === null) return
    switch (permission.rule) {
      case 'token':
      case 'seen':
      case 'named':
        return
      case 'everywhere':
        this.everywhere(user, permission.role)
        return
      case 'environment':
        this.environment(String(params.ref), user, permission.role)
        return
      case 'template':
        if (params.ref === undefined) this.templateName(String(params.name), user, permission.role)
        else this.template(String(params.ref), user, permission.role)
    }
  }

  /** @throws StandinError `forbidden` */
  everywhere(user: UserAccess | null, needed: Role): void {
    if (user !== null && !includes(user.everywhere, needed)) throw lacksRoleEverywhere(user, needed)
  }

  /** @throws StandinError `environment_not_found` where it is not seen, `environment_deleted`, `forbidden` */
  environment(ref: string, user: UserAccess | null, needed: Role): EnvironmentRecord {
    const { queries } = this.#parts
    if (user === null) return queries.byRef(ref)
    const found = queries.find(ref)
    if (found === undefined || roleOn(user, found) === null) throw environmentNotFound(ref)
    const record = queries.byRef(ref)
    this.onEnvironment(record, user, needed)
    return record
  }

  /** Of one that is seen. @throws StandinError `forbidden` */
  onEnvironment(record: EnvironmentRecord, user: UserAccess | null, needed: Role): void {
    if (user === null || includes(roleOn(user, record), needed)) return
    throw lacksRole(user, `${doing[needed]} environment ${record.name} (${record.id})`, needed, record.project)
  }

  sees(record: EnvironmentRecord | undefined, user: UserAccess | null): boolean {
    return user === null || (record !== undefined && roleOn(user, record) !== null)
  }

  /** @throws StandinError `template_not_found` where it is not seen, `forbidden` */
  template(ref: string, user: UserAccess | null, needed: Role): void {
    if (user === null) return
    this.#onTemplate(ref, this.#resolve(ref, user), user, needed)
  }

  /** By its newest version. A name that there is not yet is nobody's. @throws as `template` */
  templateName(name: string, user: UserAccess | null, needed: Role): void {
    if (user === null) return
    const project = this.#parts.templates.projectOf(name)
    if (project === undefined) throw templateNotFound(name)
    this.#onTemplate(name, project, user, needed)
  }

  /**
   * Whether a template of this name may be built: in its own project, and in that of the versions that there are.
   * @throws StandinError `forbidden`, also for a name that is taken by what is not seen
   */
  build(name: string, project: string | null, user: UserAccess | null): void {
    if (user === null) return
    this.inProject(`building the template ${name}`, project, user, 'editor')
    const before = this.#parts.templates.projectOf(name)
    if (before === undefined || includes(roleIn(user, before), 'editor')) return
    if (onTemplate(user, before) !== null) throw lacksRole(user, `building a version of ${name}`, 'editor', before)
    throw new StandinError('forbidden', `the name ${name} belongs to a template of others`, { hint: 'Choose another name' })
  }

  /** Before it is known in which project. @param what `building a template` @throws StandinError `forbidden` */
  somewhere(what: string, user: UserAccess | null, needed: Role): void {
    if (user === null || includes(greatestRole(user), needed)) return
    throw new StandinError('forbidden', `${what} needs the role ${needed} in some project; ${user.userName} has it in none`, {
      hint: 'Ask a manager of the project for the role',
    })
  }

  /** Of what has no owner yet. @throws StandinError `forbidden` */
  inProject(what: string, project: string | null, user: UserAccess | null, needed: Role): void {
    if (user === null || includes(roleIn(user, project), needed)) return
    throw project === null ? lacksRoleEverywhere(user, 'manager') : lacksRole(user, what, needed, project)
  }

  /** To be asked again while an answer goes on: whether the same request would still be allowed. */
  stillAllows(permission: Permission, caller: Caller, params: PathParams): boolean {
    const { tokens, accesses } = this.#parts
    if (!tokens.isGood(caller.tokenId)) return false
    if (caller.user === null) return true
    const user = accesses.of(caller.user.id)
    if (user === null) return false
    try {
      this.enforce(permission, { ...caller, user }, params)
      return true
    } catch {
      return false
    }
  }

  /**
   * Who asks, as they are now: a body may take its time to arrive, and plugins theirs to answer.
   * @throws StandinError `unauthenticated`
   */
  refresh(caller: Caller): Caller {
    const { tokens, accesses } = this.#parts
    const isGood = tokens.isGood(caller.tokenId)
    const user = isGood && caller.user !== null ? accesses.of(caller.user.id) : null
    if (!isGood || (user === null && caller.user !== null)) throw new StandinError('unauthenticated', 'the token has ended meanwhile')
    if (user === null || user === caller.user) return caller
    return { ...caller, actor: caller.actor.replace(/^user:[^ ]+/, `user:${user.userName}`), name: user.userName, user }
  }

  /** Hints of the store name all templates that there are, and the channels of one. */
  #resolve(ref: string, user: UserAccess): string | null {
    const { templates } = this.#parts
    try {
      return templates.resolve(ref).project
    } catch (error) {
      const project = templates.projectOf(ref.split(/[@:]/)[0] ?? '')
      const seesOthers = project !== undefined && onTemplate(user, project) !== null
      throw seesOthers && error instanceof StandinError && error.code === 'channel_not_found' ? error : templateNotFound(ref)
    }
  }

  #onTemplate(ref: string, project: string | null, user: UserAccess, needed: Role): void {
    const role = onTemplate(user, project)
    if (role === null) throw templateNotFound(ref)
    if (includes(role, needed)) return
    throw project === null ? lacksRoleEverywhere(user, 'manager') : lacksRole(user, `changing the template ${ref}`, needed, project)
  }
}

/** What a scope is worth: a user's `admin` only where they are manager everywhere. */
export function effectiveScope({ scope, user }: Caller): Scope {
  return scope === 'admin' && user !== null && user.everywhere !== 'manager' ? 'write' : scope
}

const doing: Readonly<Record<Role, string>> = {
  viewer: 'seeing',
  participant: 'using',
  editor: 'changing',
  manager: 'giving away',
}

/** Templates in no project are seen by everybody. */
function onTemplate(user: UserAccess, project: string | null): Role | null {
  if (project !== null) return roleIn(user, project)
  return user.everywhere === 'manager' ? 'manager' : 'viewer'
}

function templateNotFound(ref: string): StandinError {
  return new StandinError('template_not_found', `there is no template ${ref}`, { hint: '`standin template list` shows those that you see' })
}
