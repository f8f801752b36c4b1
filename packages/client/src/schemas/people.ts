import Type from 'typebox'
import { ConfigId, literals, Nullable, Page, pageQuery, Timestamp } from './common.ts'

/**
 * From least to most; each includes those before it. `viewer`: see. `participant`: use: wake, resume, start, suspend, stop,
 * extend, pin. `editor`: create, change and delete; run commands, build, inject faults, set aliases. `manager`: give and take roles, change
 * who owns what, the quotas of the project.
 */
export const roles = ['viewer', 'participant', 'editor', 'manager'] as const
export const Role = literals(roles, 'What somebody may do in a project')
export type Role = Type.Static<typeof Role>

/** The label `project` of environments and templates. */
export const Project = Type.String({ minLength: 1, maxLength: 1024, description: 'The label `project` of environments and templates' })

export const UserRef = Type.Object({ id: Type.String(), userName: Type.String() })
export type UserRef = Type.Static<typeof UserRef>
export const GroupRef = Type.Object({ id: Type.String(), displayName: Type.String() })
export type GroupRef = Type.Static<typeof GroupRef>

const Reference = (what: string) => Type.String({ minLength: 1, maxLength: 200, description: what })
const UserReference = Reference('Id or userName of a user')

/** Unique whatever the case; no spaces, no invisible characters, no mixture of Latin with Greek or Cyrillic letters. */
const UserName = Type.String({ minLength: 1, maxLength: 200, description: 'Unique, whatever the case' })
const DisplayName = Type.String({ minLength: 1, maxLength: 200 })
const Email = Type.String({ minLength: 3, maxLength: 254, pattern: '^[^@\\s]+@[^@\\s]+$', description: 'Unique among active users' })
const ExternalId = Type.String({ minLength: 1, maxLength: 1024, description: 'What its source knows it by; unique within the source' })
const Source = Type.String({
  pattern: '^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$',
  description: 'Who keeps this entry: `local` for people with a command line, else the plugin or directory that it comes from',
})

export const User = Type.Object(
  {
    /** `usr_` and twelve hexadecimal digits; never reused. */
    id: Type.String(),
    userName: UserName,
    displayName: DisplayName,
    email: Nullable(Email),
    externalId: Nullable(ExternalId),
    source: Source,
    /** Who gets their environments when they go, unless an heir is named. */
    manager: Nullable(UserRef),
    active: Type.Boolean(),
    groups: Type.Array(GroupRef),
    createdAt: Timestamp,
    /** When `revision` was. */
    changedAt: Timestamp,
    /** Null while they are active. */
    deactivatedAt: Nullable(Timestamp),
    /** Sequence number of the last event that changed it. */
    revision: Type.Integer(),
  },
  { $id: 'User' },
)
export type User = Type.Static<typeof User>

/** What a user may, as their token's requests are judged by. */
export const UserRights = Type.Object({
  ...UserRef.properties,
  /** The role that they have everywhere. */
  everywhere: Nullable(Role),
  /** By project; their own or that of a group, whichever is greater. */
  roles: Type.Record(Type.String(), Role),
})
export type UserRights = Type.Static<typeof UserRights>

/** Oldest first. `total`: how many there are for this query on all pages. */
export const UserPage = Type.Object({ ...Page(User).properties, total: Type.Integer() })
export type UserPage = Type.Static<typeof UserPage>

/** All that are given must hold. */
export const ListUsersQuery = Type.Object(
  {
    ...pageQuery,
    userName: Type.Optional(Type.String({ maxLength: 200, description: 'Whatever the case' })),
    email: Type.Optional(Type.String({ maxLength: 254, description: 'Whatever the case' })),
    externalId: Type.Optional(Type.String({ maxLength: 1024 })),
    source: Type.Optional(Type.String({ maxLength: 63 })),
    active: Type.Optional(Type.Boolean()),
    group: Type.Optional(Reference('Only members of this group, by id or displayName')),
  },
  { additionalProperties: false },
)
export type ListUsersQuery = Type.Static<typeof ListUsersQuery>

export const CreateUser = Type.Object(
  {
    userName: UserName,
    /** Default: the userName. */
    displayName: Type.Optional(DisplayName),
    email: Type.Optional(Nullable(Email)),
    externalId: Type.Optional(Nullable(ExternalId)),
    /** Default `local`. */
    source: Type.Optional(Source),
    manager: Type.Optional(Nullable(UserReference)),
    /** Default true. */
    active: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)
export type CreateUser = Type.Static<typeof CreateUser>

/** What is left out stays. */
export const UpdateUser = Type.Object(
  {
    userName: Type.Optional(UserName),
    displayName: Type.Optional(DisplayName),
    email: Type.Optional(Nullable(Email)),
    externalId: Type.Optional(Nullable(ExternalId)),
    source: Type.Optional(Source),
    manager: Type.Optional(Nullable(UserReference)),
    /** All that `deactivate` and `activate` do, in one step with the rest; `deactivate` can name an heir besides. */
    active: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)
export type UpdateUser = Type.Static<typeof UpdateUser>

export const DeactivateUser = Type.Object(
  {
    /** Who gets their environments; default: their manager. */
    heir: Type.Optional(UserReference),
    /** Say what would happen, change nothing. */
    dryRun: Type.Optional(Type.Boolean()),
    reason: Type.Optional(Type.String({ maxLength: 500 })),
  },
  { additionalProperties: false },
)
export type DeactivateUser = Type.Static<typeof DeactivateUser>

export const DeleteUserQuery = Type.Object({ heir: Type.Optional(UserReference) }, { additionalProperties: false })
export type DeleteUserQuery = Type.Static<typeof DeleteUserQuery>

/** What deactivating did, or would do. Of one who is inactive already, only what is still to be done. */
export const Deactivation = Type.Object(
  {
    dryRun: Type.Boolean(),
    /** As they are afterwards; in a dry run, as they are. */
    user: User,
    /** Whether it made, or would make, somebody inactive who was active. */
    deactivates: Type.Boolean(),
    environments: Type.Array(
      Type.Object({
        id: ConfigId,
        name: Type.String(),
        project: Nullable(Type.String()),
        /** Whose they become; null: they stay, marked as orphaned. */
        to: Nullable(UserRef),
        /** Null: there is nobody. */
        because: Nullable(literals(['heir', 'manager'])),
        /** The role of the new owner in its project; null: they don't see it, which managers of the project do. */
        role: Nullable(Role),
      }),
    ),
    /** Those that end. */
    tokens: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })),
  },
  { $id: 'Deactivation' },
)
export type Deactivation = Type.Static<typeof Deactivation>

export const Group = Type.Object(
  {
    /** `grp_` and twelve hexadecimal digits; never reused. */
    id: Type.String(),
    /** Unique, whatever the case. */
    displayName: DisplayName,
    externalId: Nullable(ExternalId),
    source: Source,
    /** How many; inactive ones, too. */
    members: Type.Integer(),
    createdAt: Timestamp,
    /** When `revision` was. */
    changedAt: Timestamp,
    /** Sequence number of the last event that changed it. */
    revision: Type.Integer(),
  },
  { $id: 'Group' },
)
export type Group = Type.Static<typeof Group>

/** Oldest first. `total`: how many there are for this query on all pages. */
export const GroupPage = Type.Object({ ...Page(Group).properties, total: Type.Integer() })
export type GroupPage = Type.Static<typeof GroupPage>

/** All that are given must hold. */
export const ListGroupsQuery = Type.Object(
  {
    ...pageQuery,
    displayName: Type.Optional(Type.String({ maxLength: 200, description: 'Whatever the case' })),
    externalId: Type.Optional(Type.String({ maxLength: 1024 })),
    source: Type.Optional(Type.String({ maxLength: 63 })),
    member: Type.Optional(Reference('Only groups of this user, by id or userName')),
  },
  { additionalProperties: false },
)
export type ListGroupsQuery = Type.Static<typeof ListGroupsQuery>

/** Ids or userNames of users. Groups can't be members: they don't nest. */
const Members = Type.Array(UserReference, { maxItems: 20_000 })

export const CreateGroup = Type.Object(
  {
    displayName: DisplayName,
    externalId: Type.Optional(Nullable(ExternalId)),
    /** Default `local`. */
    source: Type.Optional(Source),
    members: Type.Optional(Members),
  },
  { additionalProperties: false },
)
export type CreateGroup = Type.Static<typeof CreateGroup>

/** What is left out stays. `members` replaces all of them; it does not go with the other two. */
export const UpdateGroup = Type.Object(
  {
    displayName: Type.Optional(DisplayName),
    externalId: Type.Optional(Nullable(ExternalId)),
    source: Type.Optional(Source),
    members: Type.Optional(Members),
    addMembers: Type.Optional(Members),
    removeMembers: Type.Optional(Members),
  },
  { additionalProperties: false },
)
export type UpdateGroup = Type.Static<typeof UpdateGroup>

export const GroupMember = Type.Object({ ...UserRef.properties, displayName: DisplayName, active: Type.Boolean() })
export type GroupMember = Type.Static<typeof GroupMember>
export const GroupMemberPage = Page(GroupMember)

/** A role of a user or a group, in a project or everywhere. */
export const RoleBinding = Type.Object(
  {
    /** `rol_` and twelve hexadecimal digits; never reused. */
    id: Type.String(),
    /** Null: everywhere. */
    project: Nullable(Project),
    role: Role,
    /** Exactly one of the two is not null. */
    user: Nullable(UserRef),
    group: Nullable(GroupRef),
    /** Who gave it, or changed it last. */
    actor: Type.String(),
    createdAt: Timestamp,
    /** Sequence number of the last event that changed it. */
    revision: Type.Integer(),
  },
  { $id: 'RoleBinding' },
)
export type RoleBinding = Type.Static<typeof RoleBinding>
export const RoleBindingPage = Page(RoleBinding)

/** All that are given must hold. */
export const ListRolesQuery = Type.Object(
  {
    ...pageQuery,
    project: Type.Optional(Project),
    everywhere: Type.Optional(Type.Boolean({ description: 'Only those that hold everywhere; false: only those of a project' })),
    user: Type.Optional(Reference('Those that hold for this user, through a group, too')),
    group: Type.Optional(Reference('Those of this group, by id or displayName')),
  },
  { additionalProperties: false },
)
export type ListRolesQuery = Type.Static<typeof ListRolesQuery>

/** Exactly one of `user` and `group`. Whoever has a role in this project already gets this one in its place. */
export const GrantRole = Type.Object(
  {
    /** Null: everywhere. */
    project: Nullable(Project),
    role: Role,
    user: Type.Optional(UserReference),
    group: Type.Optional(Reference('Id or displayName of a group')),
  },
  { additionalProperties: false },
)
export type GrantRole = Type.Static<typeof GrantRole>

export const UpdateRole = Type.Object({ role: Role }, { additionalProperties: false })
export type UpdateRole = Type.Static<typeof UpdateRole>
