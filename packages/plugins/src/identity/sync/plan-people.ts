import type { User } from '@standin/client'
import type { Directory, Person } from '../sources/directory.ts'
import { nameKey } from '../sources/name-key.ts'
import type { ChangedField, PersonStep } from './plan.ts'

export interface PeopleOptions {
  /** Of whom control says that they are of this source. */
  readonly source: string
  /** Take over users of the source `local` that have the same userName. */
  readonly adopt: boolean
  /** Ids of users whom this source deactivated: those it may let in again. */
  readonly left: ReadonlySet<string>
}

export interface PeoplePlan {
  readonly steps: readonly PersonStep[]
  readonly leaving: readonly Extract<PersonStep, { kind: 'deactivate' }>[]
  readonly userIds: ReadonlyMap<string, string>
  readonly faults: readonly string[]
  readonly notes: readonly string[]
  readonly same: number
}

/**
 * Compare people with users. Whoever is of another source is not touched, whatever they are called.
 * @param known all users that there are
 */
export function planPeople(directory: Directory, known: readonly User[], options: PeopleOptions): PeoplePlan {
  return new PeopleComparison(directory, known, options).plan()
}

class PeopleComparison {
  readonly #directory: Directory
  readonly #options: PeopleOptions
  /** By the source's id. */
  readonly #ours = new Map<string, User>()
  readonly #byName: ReadonlyMap<string, User>
  readonly #byEmail = new Map<string, User>()
  readonly #present: ReadonlySet<string>
  readonly #matched = new Set<string>()
  readonly #created = new Set<string>()
  readonly #userIds = new Map<string, string>()
  readonly #steps: PersonStep[] = []
  readonly #faults: string[]
  readonly #notes: string[] = []
  #same = 0

  constructor(directory: Directory, known: readonly User[], options: PeopleOptions) {
    this.#directory = directory
    this.#options = options
    for (const user of known) {
      if (user.source === options.source && user.externalId !== null) this.#ours.set(user.externalId, user)
      else if (user.active && user.email !== null) this.#byEmail.set(nameKey(user.email), user)
    }
    this.#byName = new Map(known.map((user) => [nameKey(user.userName), user]))
    this.#present = new Set([...directory.people, ...directory.unusable].map(({ id }) => id))
    this.#faults = directory.unusable.map(({ message }) => message)
  }

  plan(): PeoplePlan {
    const people = [...new Map(this.#directory.people.map((person) => [person.id, person])).values()]
    const doubtful = this.#doubtful(people)
    const wanted: { person: Person; user: User | undefined }[] = []
    for (const person of people) {
      const user = this.#ours.get(person.id) ?? (person.active && !doubtful.has(person) ? this.#successor(person) : undefined)
      if (user !== undefined && user !== null) {
        this.#matched.add(user.id)
        this.#userIds.set(person.id, user.id)
      }
      if (user !== null && !doubtful.has(person)) wanted.push({ person, user })
    }
    for (const { person, user } of wanted) if (user === undefined) this.#create(person)
    for (const { person, user } of wanted) if (user !== undefined) this.#compare(person, user)
    const leaving = this.#leaving(new Map(people.map((person) => [person.id, person])))
    return {
      steps: this.#steps,
      leaving,
      userIds: this.#userIds,
      faults: this.#faults,
      notes: this.#notes,
      same: this.#same,
    }
  }

  /** Those who can't all have what they have in common. One error names them; they stay what they were. */
  #doubtful(people: readonly Person[]): Set<Person> {
    const doubtful = new Set<Person>()
    const active = people.filter((person) => person.active)
    for (const [what, ofPerson] of [
      ['userName', (person: Person) => person.userName],
      ['e-mail address', (person: Person) => person.email],
    ] as const) {
      const sharing = Map.groupBy(
        active.filter((person) => ofPerson(person) !== null),
        (person) => nameKey(ofPerson(person) ?? ''),
      )
      for (const same of sharing.values()) {
        if (same.length < 2) continue
        for (const person of same) doubtful.add(person)
        const names = same.slice(0, 5).map(({ where }) => where)
        const more = same.length > 5 ? [`${same.length - 5} more`] : []
        const [first] = same
        this.#faults.push(
          `${[...names, ...more].join(' and ')} have the same ${what} ${first === undefined ? '' : ofPerson(first)}: they stay as they were until it is one's alone`,
        )
      }
    }
    return doubtful
  }

  /** Who this was before, under another id. @returns undefined: nobody; null: it can't be made */
  #successor(person: Person): User | undefined | null {
    const holder = this.#byName.get(nameKey(person.userName))
    if (holder === undefined) return undefined
    const isOurs = holder.source === this.#options.source
    if (isOurs && holder.externalId !== null) {
      // It is taken by somebody who has another name by now.
      if (this.#present.has(holder.externalId)) return undefined
      // The entry was made anew, or all of them were: the directory moved.
      if (holder.active) return holder
      this.#faults.push(
        `${person.where}: the userName ${person.userName} is that of a user who left; where they are back, \`standin user activate ${holder.userName}\`, else \`standin user delete ${holder.userName}\``,
      )
      return null
    }
    if (isOurs || (this.#options.adopt && holder.source === 'local')) return holder
    const way = holder.source === 'local' ? ': delete that one, or set `adopt: true` to take it over' : ''
    this.#faults.push(`${person.where}: the userName ${person.userName} is that of a user whom ${holder.source} keeps${way}`)
    return null
  }

  #create(person: Person): void {
    if (!person.active || this.#isEmailTaken(person, undefined)) return
    this.#steps.push({ kind: 'create', person })
    this.#created.add(person.id)
  }

  #compare(person: Person, user: User): void {
    if (!person.active || this.#isEmailTaken(person, user)) return
    const fields = this.#differences(person, user)
    if (fields.length > 0) this.#steps.push({ kind: 'change', person, user, fields })
    if (!user.active) {
      if (this.#options.left.has(user.id)) this.#steps.push({ kind: 'activate', person, user })
      else {
        this.#notes.push(
          `${user.userName} is active in the directory and was deactivated by somebody here: they stay so until \`standin user activate ${user.userName}\``,
        )
      }
    } else if (fields.length === 0) this.#same += 1
  }

  #isEmailTaken({ email, where }: Person, user: User | undefined): boolean {
    const holder = email === null ? undefined : this.#byEmail.get(nameKey(email))
    if (holder === undefined || holder.id === user?.id) return false
    this.#faults.push(
      `${where} and user ${holder.userName}, whom ${holder.source} keeps, have the same e-mail address ${email}: it can be one's alone`,
    )
    return true
  }

  #differences(person: Person, user: User): ChangedField[] {
    const fields: ChangedField[] = []
    if (user.userName !== person.userName) fields.push('userName')
    if (user.displayName !== person.displayName) fields.push('displayName')
    if (user.email !== person.email) fields.push('email')
    if (user.externalId !== person.id) fields.push('externalId')
    if (user.source !== this.#options.source) fields.push('source')
    const { manager } = person
    if (manager === null) {
      if (user.manager !== null) fields.push('manager')
    } else if (manager !== undefined && manager !== person.id) {
      const id = this.#userIds.get(manager)
      // Somebody who is made in this run has no id yet; somebody who can't be made will have none.
      if (id === undefined ? this.#created.has(manager) : id !== user.manager?.id) fields.push('manager')
    }
    return fields
  }

  #leaving(people: ReadonlyMap<string, Person>): Extract<PersonStep, { kind: 'deactivate' }>[] {
    const leaving: Extract<PersonStep, { kind: 'deactivate' }>[] = []
    for (const [id, user] of this.#ours) {
      if (!user.active) continue
      const person = people.get(id)
      if (person !== undefined) {
        if (!person.active) leaving.push({ kind: 'deactivate', user, because: 'disabled' })
      } else if (!this.#present.has(id) && !this.#matched.has(user.id)) leaving.push({ kind: 'deactivate', user, because: 'gone' })
    }
    // From the top, so that nothing is given to somebody who leaves right after.
    const rank = new Map(leaving.map(({ user }) => [user.id, user.manager?.id]))
    const above = (id: string): number => {
      const seen = new Set<string>()
      for (let next = rank.get(id); next !== undefined && !seen.has(next); next = rank.get(next)) seen.add(next)
      return seen.size
    }
    return leaving.sort((a, b) => above(a.user.id) - above(b.user.id))
  }
}
