import type { ApiEndpoint, Endpoints } from './api/api-endpoint.ts'
import { environments } from './api/environments.ts'
import { aliases, faults } from './api/names-and-faults.ts'
import { groups, roles, tokens, users } from './api/people.ts'
import { activity, events, plugins, server, tables } from './api/platform.ts'
import { builds, channels, templates } from './api/templates.ts'
import { Problem } from './schemas/server.ts'

export type { ApiEndpoint } from './api/api-endpoint.ts'

/**
 * Every endpoint of the API, once: control registers its routes from this table, the client calls by it, OpenAPI and the
 * reference page come from it.
 */
export const api = {
  server,
  environments,
  aliases,
  faults,
  templates,
  channels,
  builds,
  events,
  plugins,
  tables,
  users,
  groups,
  roles,
  tokens,
  activity,
} as const satisfies Record<string, Endpoints>

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
