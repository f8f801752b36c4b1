import { type CreateEnvironment, type Labels, StandinError, type UpdateEnvironment } from '@standin/client'
import { suspendLabels } from '@standin/client/suspend-labels'
import type { Static } from 'typebox'
import type { Needs } from '../reconcile/needs.ts'
import type { EnvironmentQueries } from '../store/environment-queries.ts'
import type { EnvironmentRecord } from '../store/environment-record.ts'
import type { UserAccess } from '../store/people/user-access.ts'
import type { Templates } from '../store/templates.ts'
import type { Authority } from './authority.ts'
import { lacksRole } from './refusals.ts'

/** Who uses an environment says by these that it is used. */
const labelsOfUse: ReadonlySet<string> = new Set([suspendLabels.pin, suspendLabels.awakeUntil])

/** What a user may create and change, by what the request says. */
export class EnvironmentRules {
  readonly #authority: Authority
  readonly #queries: EnvironmentQueries
  readonly #templates: Templates
  readonly #needs: Pick<Needs, 'of'>

  constructor(authority: Authority, queries: EnvironmentQueries, templates: Templates, needs: Pick<Needs, 'of'>) {
    this.#authority = authority
    this.#queries = queries
    this.#templates = templates
    this.#needs = needs
  }

  /** @throws StandinError `forbidden`; `template_not_found`, `name_taken` about what is not seen, in words that tell nothing of it */
  create(body: CreateEnvironment, user: UserAccess | null): void {
    if (user === null) return
    if (body.template === undefined) {
      const before = body.name === undefined ? undefined : this.#queries.byName(body.name)
      if (before !== undefined && before.kind === 'attachment' && before.desired !== 'deleted') {
        this.#reattach(before, body, user)
        return
      }
      this.#createIn(projectOf(body.labels), user)
      this.#need({ id: 0, labels: {} }, body.labels, user)
      return
    }
    this.#authority.template(body.template, user, 'viewer')
    const { ref, project, stack } = this.#templates.resolve(body.template)
    if (project !== null) this.#authority.inProject(`cloning ${ref}`, project, user, 'editor')
    const labels = { ...stack.labels, ...body.labels }
    this.#createIn(projectOf(labels), user)
    this.#need({ id: 0, labels: {} }, labels, user)
  }

  /** @throws StandinError `forbidden` */
  update(record: EnvironmentRecord, edit: UpdateEnvironment, user: UserAccess | null): void {
    if (user === null) return
    const { labels, owner, ...rest } = edit
    const isUse = Object.values(rest).every((value) => value === undefined) && owner === undefined && changesUseOnly(record.labels, labels)
    this.#authority.onEnvironment(record, user, isUse ? 'participant' : 'editor')
    if (labels !== undefined) this.#move(record, projectOf(labels), user)
    this.#need(record, labels, user)
    if (owner !== undefined) this.#authority.onEnvironment(record, user, 'manager')
  }

  /** What is said of a name that others have must tell nothing of what is not seen. */
  async hidingNames<T>(name: string | undefined, user: UserAccess | null, work: () => T | Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      const isTaken = error instanceof StandinError && error.code === 'name_taken'
      if (user === null || !isTaken || name === undefined || this.#authority.sees(this.#queries.byName(name), user)) throw error
      throw nameTaken(name)
    }
  }

  #createIn(project: string | null, user: UserAccess): void {
    if (project !== null) {
      this.#authority.inProject('creating an environment', project, user, 'editor')
      return
    }
    this.#authority.somewhere("an environment of one's own", user, 'editor')
  }

  #reattach(before: EnvironmentRecord, body: CreateEnvironment, user: UserAccess): void {
    if (!this.#authority.sees(before, user)) throw nameTaken(before.name)
    this.#authority.onEnvironment(before, user, 'editor')
    if (body.labels !== undefined) this.#move(before, projectOf(body.labels), user)
    this.#need(before, body.labels, user)
  }

  /** What it newly needs is woken with it, by whoever wakes it: that is using it. */
  #need(before: Pick<EnvironmentRecord, 'id' | 'labels'>, labels: Static<typeof Labels> | undefined, user: UserAccess): void {
    if (labels === undefined) return
    const known = new Set(this.#needs.of(before).map(({ id }) => id))
    for (const { id } of this.#needs.of({ id: before.id, labels })) {
      if (!known.has(id)) this.#authority.environment(String(id), user, 'participant')
    }
  }

  /** That they may change it where it is was looked at before. */
  #move(record: EnvironmentRecord, to: string | null, user: UserAccess): void {
    if (to === record.project) return
    const what = `moving environment ${record.name} (${record.id})`
    if (to !== null) this.#authority.inProject(what, to, user, 'editor')
    else if (record.ownerId !== user.id && user.everywhere !== 'manager')
      throw lacksRole(user, `${what} out of its project`, 'editor', null)
  }
}

function projectOf(labels: Static<typeof Labels> = {}): string | null {
  return labels.project === undefined || labels.project === '' ? null : labels.project
}

function changesUseOnly(before: Static<typeof Labels>, after: Static<typeof Labels> | undefined): boolean {
  if (after === undefined) return true
  return [...Object.keys(before), ...Object.keys(after)].every((key) => before[key] === after[key] || labelsOfUse.has(key))
}

function nameTaken(name: string): StandinError {
  return new StandinError('name_taken', `the name ${name} is taken`, { hint: 'Choose another name' })
}
