import Type, { type TSchema } from 'typebox'
import { Alias, AliasPage, ListAliasesQuery, SetAlias } from './schemas/aliases.ts'
import { Name } from './schemas/common.ts'
import {
  ActionBody,
  ActivityReport,
  CreateEnvironment,
  DeleteEnvironmentQuery,
  Environment,
  EnvironmentPage,
  EnvironmentPlan,
  ExecQuery,
  ListEnvironmentsQuery,
  LogLine,
  LogsQuery,
  Stats,
  UpdateEnvironment,
} from './schemas/environments.ts'
import { CreateNotice, Event, EventList, ListEventsQuery } from './schemas/events.ts'
import { CreateFault, FaultPage, ServiceFault } from './schemas/faults.ts'
import {
  CreateGroup,
  CreateUser,
  DeactivateUser,
  Deactivation,
  DeleteUserQuery,
  GrantRole,
  Group,
  GroupMemberPage,
  GroupPage,
  ListGroupsQuery,
  ListRolesQuery,
  ListUsersQuery,
  RoleBinding,
  RoleBindingPage,
  UpdateGroup,
  UpdateRole,
  UpdateUser,
  User,
  UserPage,
} from './schemas/people.ts'
import { ListPluginRunsQuery, Plugin, PluginList, PluginRunPage, SectionList } from './schemas/plugins.ts'
import { CreatedToken, CreateToken, Discovery, PageQuery, Problem, type Scope, TokenPage } from './schemas/server.ts'
import { Delta, Heartbeat, Snapshot, WatchQuery } from './schemas/tables.ts'
import {
  Build,
  BuildPage,
  Channel,
  ChannelPage,
  CreateBuildQuery,
  ListTemplatesQuery,
  SetChannel,
  Template,
  TemplatePage,
} from './schemas/templates.ts'

/**
 * Every endpoint of the API, once: control registers its routes from this table, the client calls by it, OpenAPI and the
 * reference page come from it.
 */
export interface ApiEndpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With `:param`s, as fastify writes them. */
  readonly path: string
  /** The least scope that a token needs; null: no token at all. */
  readonly scope: Scope | null
  readonly summary: string
  readonly params?: TSchema
  readonly querystring?: TSchema
  /** JSON. An endpoint that takes something else has `upload` instead. */
  readonly body?: TSchema
  /** Media type of a body that isn't JSON and is streamed. */
  readonly upload?: string
  /** Successful answers by status; all others are problem documents. */
  readonly response: Readonly<Record<number, TSchema>>
  /** Answers that are streams: what carries them, and what each event or line holds. */
  readonly stream?: {
    readonly type: 'text/event-stream' | 'application/x-ndjson' | 'websocket'
    readonly items: Readonly<Record<string, TSchema>>
  }
}

const EnvironmentParams = Type.Object({ ref: Type.String({ minLength: 1, maxLength: 63, description: 'Name or configId' }) })
const TemplateParams = Type.Object({
  ref: Type.String({ minLength: 1, maxLength: 140, description: '`shop@7`, `shop:stable`, or `shop`, which is `shop:latest`' }),
})
const TemplateNameParams = Type.Object({ name: Name })
const ChannelParams = Type.Object({ name: Name, channel: Name })
const AliasParams = Type.Object({
  host: Type.String({ minLength: 1, maxLength: 254, description: 'A full host name, or one label below the domain: `demo`' }),
})
const FaultParams = Type.Object({ ...EnvironmentParams.properties, id: Type.String({ minLength: 1, maxLength: 20 }) })
const BuildParams = Type.Object({ id: Type.Integer({ minimum: 1 }) })
const PluginParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 500 }) })
const TokenParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) })
const UserParams = Type.Object({ ref: Type.String({ minLength: 1, maxLength: 200, description: 'Id or userName, whatever the case' }) })
const GroupParams = Type.Object({ ref: Type.String({ minLength: 1, maxLength: 200, description: 'Id or displayName, whatever the case' }) })
const RoleParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) })
/** 204: there is nothing to say. */
const Nothing = Type.Null()

export const api = {
  server: {
    discover: {
      method: 'GET',
      path: '/v1',
      scope: 'read',
      summary: 'Where everything is and what this server can do',
      response: { 200: Discovery },
    },
    health: {
      method: 'GET',
      path: '/v1/health',
      scope: null,
      summary: 'Whether it is up',
      response: { 200: Type.Object({ status: Type.Literal('ok') }) },
    },
    openapi: {
      method: 'GET',
      path: '/v1/openapi.json',
      scope: null,
      summary: 'This API as an OpenAPI document',
      response: { 200: Type.Unknown() },
    },
    metrics: {
      method: 'GET',
      path: '/v1/metrics',
      scope: 'read',
      summary: 'Metrics in the Prometheus text format',
      response: { 200: Type.String() },
    },
  },

  environments: {
    list: {
      method: 'GET',
      path: '/v1/environments',
      scope: 'read',
      summary: 'A page of the environments, newest first',
      querystring: ListEnvironmentsQuery,
      response: { 200: EnvironmentPage },
    },
    create: {
      method: 'POST',
      path: '/v1/environments',
      scope: 'write',
      summary: 'Clone a template, or attach services that run already (200: the name was attached and is renewed)',
      body: CreateEnvironment,
      response: { 200: Environment, 201: Environment },
    },
    plan: {
      method: 'POST',
      path: '/v1/environments/plan',
      scope: 'read',
      summary: 'What the same body would create, and whether it would be allowed; nothing is made',
      body: CreateEnvironment,
      response: { 200: EnvironmentPlan },
    },
    get: {
      method: 'GET',
      path: '/v1/environments/:ref',
      scope: 'read',
      summary: 'One environment',
      params: EnvironmentParams,
      response: { 200: Environment },
    },
    update: {
      method: 'PATCH',
      path: '/v1/environments/:ref',
      scope: 'write',
      summary: 'Change its name, labels or idle time; with `If-Match: "<revision>"` only if it still has that revision',
      params: EnvironmentParams,
      body: UpdateEnvironment,
      response: { 200: Environment },
    },
    delete: {
      method: 'DELETE',
      path: '/v1/environments/:ref',
      scope: 'write',
      summary: 'Move it to the trash, or delete its data at once with `purge`',
      params: EnvironmentParams,
      querystring: DeleteEnvironmentQuery,
      response: { 202: Environment },
    },
    start: {
      method: 'POST',
      path: '/v1/environments/:ref/start',
      scope: 'write',
      summary: 'Want it running: start what is stopped or failed, resume what is suspended',
      params: EnvironmentParams,
      body: ActionBody,
      response: { 202: Environment },
    },
    suspend: {
      method: 'POST',
      path: '/v1/environments/:ref/suspend',
      scope: 'write',
      summary: 'Freeze its processes; a request wakes it',
      params: EnvironmentParams,
      body: ActionBody,
      response: { 202: Environment },
    },
    resume: {
      method: 'POST',
      path: '/v1/environments/:ref/resume',
      scope: 'wake',
      summary: 'Wake it',
      params: EnvironmentParams,
      body: ActionBody,
      response: { 202: Environment },
    },
    stop: {
      method: 'POST',
      path: '/v1/environments/:ref/stop',
      scope: 'write',
      summary: 'Stop its processes and keep its data',
      params: EnvironmentParams,
      body: ActionBody,
      response: { 202: Environment },
    },
    undelete: {
      method: 'POST',
      path: '/v1/environments/:ref/undelete',
      scope: 'write',
      summary: 'Take it out of the trash, to be what it was wanted to be before',
      params: EnvironmentParams,
      body: ActionBody,
      response: { 202: Environment },
    },
    sections: {
      method: 'GET',
      path: '/v1/environments/:ref/sections',
      scope: 'read',
      summary: 'What plugins have to say of it',
      params: EnvironmentParams,
      response: { 200: SectionList },
    },
    stats: {
      method: 'GET',
      path: '/v1/environments/:ref/stats',
      scope: 'read',
      summary: 'What it uses just now',
      params: EnvironmentParams,
      response: { 200: Stats },
    },
    logs: {
      method: 'GET',
      path: '/v1/environments/:ref/logs',
      scope: 'read',
      summary: 'What its instances printed, a JSON object a line',
      params: EnvironmentParams,
      querystring: LogsQuery,
      response: {},
      stream: { type: 'application/x-ndjson', items: { line: LogLine } },
    },
    exec: {
      method: 'GET',
      path: '/v1/environments/:ref/exec',
      scope: 'write',
      summary: 'Run a command on a host, over a WebSocket',
      params: EnvironmentParams,
      querystring: ExecQuery,
      response: {},
      stream: { type: 'websocket', items: {} },
    },
  },

  aliases: {
    list: {
      method: 'GET',
      path: '/v1/aliases',
      scope: 'read',
      summary: 'A page of the aliases, in the order of their names',
      querystring: ListAliasesQuery,
      response: { 200: AliasPage },
    },
    get: {
      method: 'GET',
      path: '/v1/aliases/:host',
      scope: 'read',
      summary: 'One alias',
      params: AliasParams,
      response: { 200: Alias },
    },
    set: {
      method: 'PUT',
      path: '/v1/aliases/:host',
      scope: 'write',
      summary: 'Give a host name to an environment, or move it there in one step (a name outside of the domain needs the scope admin)',
      params: AliasParams,
      body: SetAlias,
      response: { 200: Alias },
    },
    delete: {
      method: 'DELETE',
      path: '/v1/aliases/:host',
      scope: 'write',
      summary: 'Delete an alias; the environment stays',
      params: AliasParams,
      response: { 204: Nothing },
    },
  },

  faults: {
    listAll: {
      method: 'GET',
      path: '/v1/faults',
      scope: 'read',
      summary: 'A page of the faults that are in force, of all environments',
      querystring: PageQuery,
      response: { 200: FaultPage },
    },
    list: {
      method: 'GET',
      path: '/v1/environments/:ref/faults',
      scope: 'read',
      summary: 'The faults that are in force in an environment',
      params: EnvironmentParams,
      response: { 200: FaultPage },
    },
    create: {
      method: 'POST',
      path: '/v1/environments/:ref/faults',
      scope: 'write',
      summary: 'Inject a fault into a service for a while',
      params: EnvironmentParams,
      body: CreateFault,
      response: { 201: ServiceFault },
    },
    get: {
      method: 'GET',
      path: '/v1/environments/:ref/faults/:id',
      scope: 'read',
      summary: 'One fault',
      params: FaultParams,
      response: { 200: ServiceFault },
    },
    delete: {
      method: 'DELETE',
      path: '/v1/environments/:ref/faults/:id',
      scope: 'write',
      summary: 'End a fault before its time',
      params: FaultParams,
      response: { 204: Nothing },
    },
    deleteAll: {
      method: 'DELETE',
      path: '/v1/environments/:ref/faults',
      scope: 'write',
      summary: 'End all faults of an environment',
      params: EnvironmentParams,
      response: { 204: Nothing },
    },
  },

  templates: {
    list: {
      method: 'GET',
      path: '/v1/templates',
      scope: 'read',
      summary: 'A page of the template versions, newest first',
      querystring: ListTemplatesQuery,
      response: { 200: TemplatePage },
    },
    get: {
      method: 'GET',
      path: '/v1/templates/:ref',
      scope: 'read',
      summary: 'One template version',
      params: TemplateParams,
      response: { 200: Template },
    },
    delete: {
      method: 'DELETE',
      path: '/v1/templates/:ref',
      scope: 'write',
      summary: 'Delete a template version that nothing uses',
      params: TemplateParams,
      response: { 204: Nothing },
    },
  },

  channels: {
    list: {
      method: 'GET',
      path: '/v1/templates/:name/channels',
      scope: 'read',
      summary: 'The channels of a template',
      params: TemplateNameParams,
      response: { 200: ChannelPage },
    },
    set: {
      method: 'PUT',
      path: '/v1/templates/:name/channels/:channel',
      scope: 'write',
      summary: 'Make a channel, or move it to another version',
      params: ChannelParams,
      body: SetChannel,
      response: { 200: Channel },
    },
    delete: {
      method: 'DELETE',
      path: '/v1/templates/:name/channels/:channel',
      scope: 'write',
      summary: 'Delete a channel; the version stays',
      params: ChannelParams,
      response: { 204: Nothing },
    },
  },

  builds: {
    list: {
      method: 'GET',
      path: '/v1/builds',
      scope: 'read',
      summary: 'A page of the builds, newest first',
      querystring: PageQuery,
      response: { 200: BuildPage },
    },
    create: {
      method: 'POST',
      path: '/v1/builds',
      scope: 'write',
      summary: "Build a template from a gzipped tar of the blueprint's folder",
      querystring: CreateBuildQuery,
      upload: 'application/gzip',
      response: { 202: Build },
    },
    get: {
      method: 'GET',
      path: '/v1/builds/:id',
      scope: 'read',
      summary: 'One build',
      params: BuildParams,
      response: { 200: Build },
    },
  },

  events: {
    list: {
      method: 'GET',
      path: '/v1/events',
      scope: 'read',
      summary: 'Events after a sequence number; with `watch=1` or `Accept: text/event-stream` those to come, too',
      querystring: ListEventsQuery,
      response: { 200: EventList },
      stream: { type: 'text/event-stream', items: { '<type of the event>': Event } },
    },
    notify: {
      method: 'POST',
      path: '/v1/events',
      scope: 'write',
      summary: 'Add a notice to the events',
      body: CreateNotice,
      response: { 201: Event },
    },
  },

  plugins: {
    list: {
      method: 'GET',
      path: '/v1/plugins',
      scope: 'read',
      summary: 'The plugins, how they are, and what is wrong with their configuration',
      response: { 200: PluginList },
    },
    get: {
      method: 'GET',
      path: '/v1/plugins/:id',
      scope: 'read',
      summary: 'One plugin. What else is below its address is its own',
      params: PluginParams,
      response: { 200: Plugin },
    },
    runs: {
      method: 'GET',
      path: '/v1/plugins/:id/runs',
      scope: 'read',
      summary: "A page of the runs of a plugin's schedules, newest first",
      params: PluginParams,
      querystring: ListPluginRunsQuery,
      response: { 200: PluginRunPage },
    },
  },

  tables: {
    routes: {
      method: 'GET',
      path: '/v1/routes',
      scope: 'read',
      summary: 'What the gateway has to know; with `watch=1` every change, too',
      querystring: WatchQuery,
      response: { 200: Snapshot },
      stream: { type: 'text/event-stream', items: { snapshot: Snapshot, delta: Delta, heartbeat: Heartbeat } },
    },
    records: {
      method: 'GET',
      path: '/v1/records',
      scope: 'read',
      summary: 'What the resolver has to know; with `watch=1` every change, too',
      querystring: WatchQuery,
      response: { 200: Snapshot },
      stream: { type: 'text/event-stream', items: { snapshot: Snapshot, delta: Delta, heartbeat: Heartbeat } },
    },
  },

  users: {
    list: {
      method: 'GET',
      path: '/v1/users',
      scope: 'read',
      summary: 'A page of the users, oldest first',
      querystring: ListUsersQuery,
      response: { 200: UserPage },
    },
    create: {
      method: 'POST',
      path: '/v1/users',
      scope: 'admin',
      summary: 'Make a user',
      body: CreateUser,
      response: { 201: User },
    },
    get: {
      method: 'GET',
      path: '/v1/users/:ref',
      scope: 'read',
      summary: 'One user',
      params: UserParams,
      response: { 200: User },
    },
    update: {
      method: 'PATCH',
      path: '/v1/users/:ref',
      scope: 'admin',
      summary: 'Change a user; with `If-Match` only if nobody else did',
      params: UserParams,
      body: UpdateUser,
      response: { 200: User },
    },
    deactivate: {
      method: 'POST',
      path: '/v1/users/:ref/deactivate',
      scope: 'admin',
      summary: "End a user's tokens and hand the environments on, or say what that would do",
      params: UserParams,
      body: DeactivateUser,
      response: { 200: Deactivation },
    },
    activate: {
      method: 'POST',
      path: '/v1/users/:ref/activate',
      scope: 'admin',
      summary: 'Let a user in again',
      params: UserParams,
      response: { 200: User },
    },
    delete: {
      method: 'DELETE',
      path: '/v1/users/:ref',
      scope: 'admin',
      summary: 'Forget a user, deactivated first',
      params: UserParams,
      querystring: DeleteUserQuery,
      response: { 204: Nothing },
    },
  },

  groups: {
    list: {
      method: 'GET',
      path: '/v1/groups',
      scope: 'read',
      summary: 'A page of the groups, oldest first',
      querystring: ListGroupsQuery,
      response: { 200: GroupPage },
    },
    create: {
      method: 'POST',
      path: '/v1/groups',
      scope: 'admin',
      summary: 'Make a group',
      body: CreateGroup,
      response: { 201: Group },
    },
    get: {
      method: 'GET',
      path: '/v1/groups/:ref',
      scope: 'read',
      summary: 'One group',
      params: GroupParams,
      response: { 200: Group },
    },
    members: {
      method: 'GET',
      path: '/v1/groups/:ref/members',
      scope: 'read',
      summary: 'A page of the members of a group',
      params: GroupParams,
      querystring: PageQuery,
      response: { 200: GroupMemberPage },
    },
    update: {
      method: 'PATCH',
      path: '/v1/groups/:ref',
      scope: 'admin',
      summary: 'Change a group or its members; with `If-Match` only if nobody else did',
      params: GroupParams,
      body: UpdateGroup,
      response: { 200: Group },
    },
    delete: {
      method: 'DELETE',
      path: '/v1/groups/:ref',
      scope: 'admin',
      summary: 'Delete a group, and its roles',
      params: GroupParams,
      response: { 204: Nothing },
    },
  },

  roles: {
    list: {
      method: 'GET',
      path: '/v1/roles',
      scope: 'read',
      summary: 'A page of the roles that were given, oldest first',
      querystring: ListRolesQuery,
      response: { 200: RoleBindingPage },
    },
    grant: {
      method: 'POST',
      path: '/v1/roles',
      scope: 'write',
      summary: 'Give a user or a group a role (200: in the place of another one)',
      body: GrantRole,
      response: { 200: RoleBinding, 201: RoleBinding },
    },
    get: {
      method: 'GET',
      path: '/v1/roles/:id',
      scope: 'read',
      summary: 'One role that was given',
      params: RoleParams,
      response: { 200: RoleBinding },
    },
    update: {
      method: 'PATCH',
      path: '/v1/roles/:id',
      scope: 'write',
      summary: 'Make it another role; with `If-Match` only if nobody else did',
      params: RoleParams,
      body: UpdateRole,
      response: { 200: RoleBinding },
    },
    revoke: {
      method: 'DELETE',
      path: '/v1/roles/:id',
      scope: 'write',
      summary: 'Take a role away',
      params: RoleParams,
      response: { 204: Nothing },
    },
  },

  tokens: {
    list: {
      method: 'GET',
      path: '/v1/tokens',
      scope: 'admin',
      summary: 'A page of the tokens, without their secrets',
      querystring: PageQuery,
      response: { 200: TokenPage },
    },
    create: {
      method: 'POST',
      path: '/v1/tokens',
      scope: 'admin',
      summary: 'Make a token; the answer is the only place that shows it',
      body: CreateToken,
      response: { 201: CreatedToken },
    },
    revoke: {
      method: 'DELETE',
      path: '/v1/tokens/:id',
      scope: 'admin',
      summary: 'Revoke a token',
      params: TokenParams,
      response: { 204: Nothing },
    },
  },

  activity: {
    report: {
      method: 'POST',
      path: '/v1/activity',
      scope: 'wake',
      summary: 'Who was used last, when, by what',
      body: ActivityReport,
      response: { 204: Nothing },
    },
  },
} as const satisfies Record<string, Record<string, ApiEndpoint>>

/**
 * The `schema` of a fastify route: what is validated, what is documented. `environments.get` becomes the operation id.
 * OpenAPI needs a security scheme called `token`; unknown parameters are refused with ajv's `removeAdditional: false`.
 */
export function routeSchema(operationId: string, endpoint: ApiEndpoint) {
  const { params, querystring, body } = endpoint
  return {
    operationId,
    summary: endpoint.summary,
    tags: [operationId.slice(0, operationId.indexOf('.'))],
    security: endpoint.scope === null ? [] : [{ token: [] }],
    ...(params === undefined ? {} : { params }),
    ...(querystring === undefined ? {} : { querystring }),
    ...(body === undefined ? {} : { body }),
    ...(endpoint.upload === undefined ? {} : { consumes: [endpoint.upload] }),
    response: { ...endpoint.response, '4xx': Problem, '5xx': Problem },
  }
}
