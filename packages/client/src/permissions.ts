import type { api } from './api.ts'
import type { Role } from './schemas/people.ts'

/**
 * What a token of a user needs beside its scope. A token without a user needs its scope alone.
 *
 * | rule | |
 * |---|---|
 * | `token` | nothing more: what everybody may know |
 * | `seen` | the answer holds only what the user sees |
 * | `environment` | a role on the environment that `:ref` names |
 * | `template` | a role in the project of the template that the path names |
 * | `everywhere` | a role that holds everywhere |
 * | `named` | a role in what the request names; the endpoint itself looks, `note` says at what |
 */
export type Permission =
  | { readonly rule: 'token' }
  | { readonly rule: 'seen' }
  | { readonly rule: 'environment'; readonly role: Role }
  | { readonly rule: 'template'; readonly role: Role }
  | { readonly rule: 'everywhere'; readonly role: Role }
  | { readonly rule: 'named'; readonly role: Role; readonly note: string }

const token: Permission = { rule: 'token' }
const seen: Permission = { rule: 'seen' }
const environment = (role: Role): Permission => ({ rule: 'environment', role })
const template = (role: Role): Permission => ({ rule: 'template', role })
const everywhere = (role: Role): Permission => ({ rule: 'everywhere', role })
const named = (role: Role, note: string): Permission => ({ rule: 'named', role, note })

/** Of every endpoint. One that is missing here is an error of types, and control does not start with it. */
export const permissions = {
  server: { discover: token, health: token, openapi: token, metrics: everywhere('viewer') },
  environments: {
    list: seen,
    create: named('editor', 'in the project of its labels and in that of its template; without a project, in any'),
    plan: named('editor', 'as for creating it'),
    get: environment('viewer'),
    update: named('editor', 'participant for the labels that keep it awake; editor in both projects to move it; manager for its owner'),
    delete: environment('editor'),
    start: environment('participant'),
    suspend: environment('participant'),
    resume: environment('participant'),
    stop: environment('participant'),
    undelete: environment('editor'),
    stats: environment('viewer'),
    sections: environment('viewer'),
    logs: environment('viewer'),
    exec: environment('editor'),
  },
  aliases: {
    list: seen,
    get: named('viewer', 'on its environment'),
    set: named('editor', 'on the environment that gets it, and on the one that has it'),
    delete: named('editor', 'on its environment'),
  },
  faults: {
    listAll: seen,
    list: environment('viewer'),
    create: environment('editor'),
    get: environment('viewer'),
    delete: environment('editor'),
    deleteAll: environment('editor'),
  },
  templates: { list: seen, get: template('viewer'), delete: template('editor') },
  channels: {
    list: template('viewer'),
    set: named('editor', 'in the project of the version, and of the newest one'),
    delete: template('editor'),
  },
  builds: {
    list: seen,
    create: named(
      'editor',
      'in the project of the blueprint, and of the newest version of this name; manager everywhere where there is none',
    ),
    get: named('viewer', 'in its project'),
  },
  events: { list: seen, notify: named('participant', 'on the environment; manager everywhere where it is of none') },
  plugins: { list: everywhere('viewer'), get: everywhere('viewer'), runs: everywhere('viewer') },
  tables: { routes: everywhere('manager'), records: everywhere('manager') },
  users: {
    list: seen,
    get: named('viewer', 'oneself; manager of any project for others'),
    create: everywhere('manager'),
    update: everywhere('manager'),
    deactivate: everywhere('manager'),
    activate: everywhere('manager'),
    delete: everywhere('manager'),
  },
  groups: {
    list: seen,
    get: named('viewer', 'groups that one is in; manager of any project for others'),
    members: named('viewer', 'as for the group'),
    create: everywhere('manager'),
    update: everywhere('manager'),
    delete: everywhere('manager'),
  },
  roles: {
    list: seen,
    get: named('viewer', 'in its project'),
    grant: named('manager', 'in the project; without a user, the scope admin'),
    update: named('manager', 'in the project; without a user, the scope admin'),
    revoke: named('manager', 'in the project; without a user, the scope admin'),
  },
  tokens: { list: everywhere('manager'), create: everywhere('manager'), revoke: everywhere('manager') },
  activity: { report: everywhere('manager') },
} as const satisfies { readonly [G in keyof typeof api]: { readonly [E in keyof (typeof api)[G]]: Permission } }

/** @param operation `environments.get` @returns undefined where the table has none */
export function permissionOf(operation: string): Permission | undefined {
  const [group = '', endpoint = ''] = operation.split('.')
  return (permissions as Readonly<Record<string, Readonly<Record<string, Permission>>>>)[group]?.[endpoint]
}
