import { type Role, roles, type UserRights } from '@standin/client'

/** What a user may, as far as roles go. Made anew when users, groups or roles change. */
export interface UserAccess {
  readonly id: string
  readonly userName: string
  /** The role that they have everywhere. */
  readonly everywhere: Role | null
  /** By project; the greater of their own and those of their groups. */
  readonly roles: ReadonlyMap<string, Role>
  /** The keys of `roles` as a JSON array, for queries. */
  readonly projects: string
}

/** What roles on a thing depend on. */
export interface Placed {
  /** Null: in no project. */
  readonly project: string | null
  /** The id of the user whose it is. */
  readonly ownerId: string | null
}

/** As the API tells it to whoever judges requests elsewhere. */
export function toRights({ id, userName, everywhere, roles: held }: UserAccess): UserRights {
  return { id, userName, everywhere, roles: Object.fromEntries(held) }
}

export function fromRights({ id, userName, everywhere, roles: held }: UserRights): UserAccess {
  return { id, userName, everywhere, roles: new Map(Object.entries(held)), projects: JSON.stringify(Object.keys(held)) }
}

const rank = (role: Role | null): number => (role === null ? -1 : roles.indexOf(role))

export function includes(role: Role | null, needed: Role): boolean {
  return rank(role) >= rank(needed)
}

export function greater(one: Role | null, other: Role | null): Role | null {
  return rank(one) >= rank(other) ? one : other
}

/** In a project: the role there, or everywhere. In none: nothing, but for managers everywhere. */
export function roleIn(access: UserAccess, project: string | null): Role | null {
  if (project === null) return access.everywhere === 'manager' ? 'manager' : null
  return greater(access.roles.get(project) ?? null, access.everywhere)
}

/** As `roleIn`; what is in no project is its owner's. */
export function roleOn(access: UserAccess, { project, ownerId }: Placed): Role | null {
  return project === null && ownerId === access.id ? 'manager' : roleIn(access, project)
}

/** The greatest role that they have anywhere. */
export function greatestRole(access: UserAccess): Role | null {
  return [...access.roles.values()].reduce<Role | null>(greater, access.everywhere)
}
