import type { StandinClient } from '@standin/client/connect'
import type { Logger, PluginCaller, PluginHooks } from '@standin/core'
import { resourceTypes, schemaDocuments, serviceProviderConfig } from './discovery.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { resourceRoutes } from './resource-routes.ts'
import { ScimError, toScimError } from './scim-error.ts'
import { ScimGroups } from './scim-groups.ts'
import { scimType, toList } from './scim-reply.ts'
import { ScimUsers } from './scim-users.ts'
import type { UserRecords } from './user-records.ts'

export interface ScimParts {
  readonly client: StandinClient
  readonly records: UserRecords
  readonly log: Logger
  /** Names of tokens that may provision whatever their scope is. */
  readonly tokens: readonly string[]
}

type App = Parameters<NonNullable<PluginHooks['routes']>>[0]

/** A group of twenty thousand, bytes. */
const bodyLimit = 8 << 20

/** What RFC 7644 has, and nobody needs here (sections 3.4.3, 3.7, 3.11). */
const notThere = ['/.search', '/Bulk', '/Me']

/** SCIM 2.0 below `/scim/v2` (RFC 7644): errors are SCIM's, too. */
export function scimRoutes({ client, records, log, tokens }: ScimParts): NonNullable<PluginHooks['routes']> {
  const turns = new OneAtATime()
  /** The events tell which directory it was. */
  const clientFor = ({ pluginCaller }: { pluginCaller: PluginCaller | null }) =>
    pluginCaller === null ? client : client.onBehalfOf(pluginCaller.actor)
  return async (app) => {
    await app.register(
      async (scim: App) => {
        scim.setErrorHandler((error, request, reply) => {
          const failure = toScimError(error)
          if (failure.status === 500) log.error({ err: error }, `scim: ${request.method} ${request.url.split('?')[0]} failed`)
          if (failure.status === 401) reply.header('www-authenticate', 'Bearer realm="standin"')
          return reply.code(failure.status).type(scimType).send(failure.toBody())
        })
        const unknown = (request: { method: string; url: string }): never => {
          throw new ScimError(404, `there is no ${request.method} ${request.url.split('?')[0]?.slice(0, 200)}`)
        }
        scim.removeAllContentTypeParsers()
        scim.addContentTypeParser(
          ['application/scim+json', 'application/json'],
          { parseAs: 'string', bodyLimit },
          // Okta says what type the body would have where there is none.
          async (_: unknown, text: string) => (text === '' ? undefined : parseJson(text)),
        )
        scim.addHook('onRequest', async (request) => requireProvisioner(request.pluginCaller, tokens))

        const scope = { config: { scope: 'read' as const } }
        const single = (path: string, documents: (base: string) => readonly { readonly id: string }[]) => {
          scim.get<{ Querystring: { filter?: string } }>(path, scope, async (request, reply) => {
            // RFC 7644, section 4.
            if (request.query.filter !== undefined) throw new ScimError(403, 'this list can not be filtered')
            const all = documents(baseOf(request))
            return reply.type(scimType).send(toList(all, all.length, 1))
          })
          scim.get<{ Params: { id: string } }>(`${path}/:id`, scope, async (request, reply) => {
            const found = documents(baseOf(request)).find(({ id }) => id.toLowerCase() === request.params.id.toLowerCase())
            return found === undefined ? unknown(request) : reply.type(scimType).send(found)
          })
        }
        scim.get('/ServiceProviderConfig', scope, async (request, reply) =>
          reply.type(scimType).send(serviceProviderConfig(baseOf(request))),
        )
        single('/ResourceTypes', resourceTypes)
        single('/Schemas', schemaDocuments)
        resourceRoutes(scim, '/Users', (request) => new ScimUsers(clientFor(request), records, turns, baseOf(request)))
        resourceRoutes(scim, '/Groups', (request) => new ScimGroups(clientFor(request), turns, baseOf(request)))
        const everything = { method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], ...scope }
        for (const url of notThere) {
          scim.route({
            ...everything,
            url,
            handler: async () => {
              throw new ScimError(501, `there is no ${url} here: /ServiceProviderConfig says what there is`)
            },
          })
        }
        // A route, so that who may provision is told that there is none, and not which scope it would need.
        scim.route({ ...everything, url: '/*', handler: async (request) => unknown(request) })
      },
      { prefix: '/scim/v2' },
    )
  }
}

/** A directory needs no token that may do everything: who runs Standin says which one may provision. */
function requireProvisioner(caller: PluginCaller | null, tokens: readonly string[]): void {
  if (caller?.scope === 'admin') return
  // A user whose name is that of a token is somebody else.
  if (caller?.user === null && tokens.some((name) => caller.actor === `token:${name}`)) return
  throw new ScimError(403, 'provisioning needs a token of the scope admin, or one that scim.tokens of the configuration names')
}

/** As the client sees it, through whatever lies between. */
function baseOf({ host, protocol, headers }: { host: string; protocol: string; headers: NodeJS.Dict<string | string[]> }): string {
  const scheme = headers['x-forwarded-proto'] === 'https' ? 'https' : protocol
  return `${scheme}://${host}/v1/plugins/identity/scim/v2`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ScimError(400, `the body is no JSON: ${(error as Error).message.slice(0, 200)}`, 'invalidSyntax')
  }
}
