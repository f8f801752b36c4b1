import Type from 'typebox'
import { ConfigId, literals, Nullable, Timestamp } from './common.ts'
import { EnvironmentState } from './environments.ts'

/**
 * What happened, in order. `data` depends on `type`:
 *
 * | type | data |
 * |---|---|
 * | `environment.created` | `{name, template, provider, owner, ownerId, labels, hosts}`: `hosts` as in EnvironmentPlan |
 * | `environment.desired` | `{from, to, reason}` |
 * | `environment.state` | `{from, to, reason}` |
 * | `environment.changed` | `{fields, …}`: instances, services, labels, name, suspendAfterMs, storageBytes, owner, aliases, faults; of labels, name, storageBytes and owner (with `ownerId`) the new value, too |
 * | `environment.progress` | `{step, host, status: started|done|failed, durationMs, message}` |
 * | `environment.purged` | `{}` |
 * | `build.started`, `build.phase`, `build.progress`, `build.finished` | `{build, phase, host, step, status, durationMs, message}` |
 * | `template.created`, `template.deleted` | `{ref}` |
 * | `channel.set` | `{template, channel, from, to}` |
 * | `alias.set` | `{host, from, to, service}`: configIds, `from` is null for a new one |
 * | `alias.deleted` | `{host, from}` |
 * | `fault.added` | `{fault}`: a ServiceFault |
 * | `fault.removed` | `{fault, reason: removed|expired}` |
 * | `notice` | `{kind, message, …}`: what a plugin or a person has to say, of an environment or of none |
 * | `token.created`, `token.revoked` | `{id, name, scope, user}`: `user` is its id, or null |
 * | `user.created`, `user.activated`, `user.deleted` | `{id, userName}` |
 * | `user.changed` | `{id, userName, fields}` |
 * | `user.deactivated` | `{id, userName, reason, environments, orphaned, tokens}`: how many went to somebody, were left, ended |
 * | `group.created`, `group.deleted` | `{id, displayName}` |
 * | `group.changed` | `{id, displayName, fields, added, removed}`: ids of members, 100 of each at most |
 * | `role.granted`, `role.changed`, `role.revoked` | `{id, project, role, from, user, group}`: ids; `from` is the role before, or null |
 */
export const eventTypes = [
  'environment.created',
  'environment.desired',
  'environment.state',
  'environment.changed',
  'environment.progress',
  'environment.purged',
  'build.started',
  'build.phase',
  'build.progress',
  'build.finished',
  'template.created',
  'template.deleted',
  'channel.set',
  'alias.set',
  'alias.deleted',
  'fault.added',
  'fault.removed',
  'notice',
  'token.created',
  'token.revoked',
  'user.created',
  'user.changed',
  'user.deactivated',
  'user.activated',
  'user.deleted',
  'group.created',
  'group.changed',
  'group.deleted',
  'role.granted',
  'role.changed',
  'role.revoked',
] as const

export const Event = Type.Object(
  {
    seq: Type.Integer(),
    at: Timestamp,
    type: literals(eventTypes),
    environment: Nullable(Type.Integer()),
    /** The environment's state after this event. */
    state: Nullable(EnvironmentState),
    build: Nullable(Type.Integer()),
    actor: Type.String(),
    data: Type.Record(Type.String(), Type.Unknown()),
  },
  { $id: 'Event' },
)
export type Event = Type.Static<typeof Event>

/** Something to tell those who follow the events: `suspend.announced`. */
export const CreateNotice = Type.Object(
  {
    kind: Type.String({
      pattern: '^[a-z][a-z0-9-]*(\\.[a-z][a-z0-9-]*)*$',
      maxLength: 64,
      description: 'What kind of notice it is: `suspend.announced`',
    }),
    message: Type.String({ minLength: 1, maxLength: 500 }),
    /** The environment that it is about. */
    environment: Type.Optional(ConfigId),
    /** Further data, at most 16 KiB as JSON. */
    data: Type.Optional(Type.Record(Type.String({ maxLength: 64 }), Type.Unknown(), { maxProperties: 50 })),
  },
  { additionalProperties: false },
)
export type CreateNotice = Type.Static<typeof CreateNotice>

/** All that are given must hold. */
export const ListEventsQuery = Type.Object(
  {
    after: Type.Optional(Type.Integer({ minimum: 0, description: 'Sequence number; only later events. Default 0: all' })),
    environment: Type.Optional(Type.Integer({ description: 'configId' })),
    build: Type.Optional(Type.Integer()),
    type: Type.Optional(literals(eventTypes)),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
    watch: Type.Optional(Type.Literal('1', { description: 'Go on with events to come, as server-sent events' })),
  },
  { additionalProperties: false },
)
export type ListEventsQuery = Type.Static<typeof ListEventsQuery>

export const EventList = Type.Object({
  items: Type.Array(Event),
  nextCursor: Nullable(Type.String()),
  /** Sequence number of the oldest event that is kept; the next one's where none is. */
  first: Type.Integer(),
  /** Sequence number of the last event; 0 before the first one. */
  last: Type.Integer(),
})
