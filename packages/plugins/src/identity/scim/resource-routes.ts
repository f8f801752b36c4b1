import type { PluginCaller, PluginHooks } from '@standin/core'
import { isObject, memberOf, requireSchema } from './read-value.ts'
import { Projection } from './schema/projection.ts'
import { ScimError } from './scim-error.ts'
import { scimType, toList, withSchemas } from './scim-reply.ts'
import { isListed, type ScimResources } from './scim-resources.ts'
import { readSearch, type SearchParameters } from './search-query.ts'

type App = Parameters<NonNullable<PluginHooks['routes']>>[0]

interface Request {
  readonly query: unknown
  readonly body: unknown
  readonly params: unknown
  readonly host: string
  readonly protocol: string
  readonly headers: NodeJS.Dict<string | string[]>
  readonly pluginCaller: PluginCaller | null
}

const searchUrn = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

/** The verbs of one kind of resource (RFC 7644, section 3.2, table 2). @param of resources as this request sees them */
export function resourceRoutes(app: App, path: string, of: (request: Request) => ScimResources): void {
  const config = { config: { scope: 'read' as const } }
  const search = async (request: Request, parameters: SearchParameters) => {
    const resources = of(request)
    const query = readSearch(resources.schema, parameters)
    const projection = new Projection(resources.schema, parameters)
    const found = await resources.search(query, projection)
    const shown = found.resources.map((each) => withSchemas(resources.schema, projection.of(each)))
    return toList(shown, found.totalResults, query.startIndex)
  }
  /** What the answer is to have, read before anything is written: what is wrong with it must not come after. */
  const projectionOf = (request: Request) => new Projection(of(request).schema, fromQuery(request.query))
  const show = async (request: Request, id: string, projection: Projection) => {
    const resources = of(request)
    const resource = await resources.get(id, projection)
    const { version = '', location = '' } = resource.meta as { version?: string; location?: string }
    return { version, location, body: withSchemas(resources.schema, projection.of(resource)) }
  }

  app.get(path, config, async (request, reply) => reply.type(scimType).send(await search(request, fromQuery(request.query))))

  app.post(`${path}/.search`, config, async (request, reply) => reply.type(scimType).send(await search(request, fromBody(request.body))))

  app.get(`${path}/:id`, config, async (request, reply) => {
    const { version, body } = await show(request, idOf(request), projectionOf(request))
    reply.header('etag', version)
    const known = request.headers['if-none-match']
    if (known !== undefined && isListed(version, known)) return reply.code(304).send()
    return reply.type(scimType).send(body)
  })

  app.post(path, config, async (request, reply) => {
    const projection = projectionOf(request)
    const { id } = await of(request).create(request.body)
    const { version, location, body } = await show(request, id, projection)
    return reply.code(201).headers({ etag: version, location }).type(scimType).send(body)
  })

  app.put(`${path}/:id`, config, async (request, reply) => {
    const projection = projectionOf(request)
    const { id } = await of(request).replace(idOf(request), request.body, request.headers['if-match'])
    const { version, body } = await show(request, id, projection)
    return reply.header('etag', version).type(scimType).send(body)
  })

  app.patch(`${path}/:id`, config, async (request, reply) => {
    const projection = projectionOf(request)
    const resources = of(request)
    const { id, version } = await resources.patch(idOf(request), request.body, request.headers['if-match'])
    // A group may have thousands of members: they are sent to who asks for attributes alone (RFC 7644, section 3.5.2).
    const isBrief = resources.schema.name === 'Group' && fromQuery(request.query).attributes === undefined
    if (isBrief) return reply.code(204).header('etag', version).send()
    const shown = await show(request, id, projection)
    return reply.header('etag', shown.version).type(scimType).send(shown.body)
  })

  app.delete(`${path}/:id`, config, async (request, reply) => {
    await of(request).delete(idOf(request), request.headers['if-match'])
    return reply.code(204).send()
  })
}

function idOf({ params }: Request): string {
  return (params as { id: string }).id
}

/** Of a query, everything is a text. @throws ScimError `invalidValue` */
function fromQuery(query: unknown): SearchParameters {
  const parts = query as Readonly<Record<string, unknown>>
  const list = (name: string) =>
    textOf(parts, name)
      ?.split(',')
      .filter((each) => each.trim() !== '')
  const number = (name: string) => {
    const text = textOf(parts, name)
    if (text === undefined) return undefined
    if (!/^-?[0-9]{1,9}$/.test(text)) throw new ScimError(400, `${name} is a whole number`, 'invalidValue')
    return Number(text)
  }
  return {
    filter: textOf(parts, 'filter'),
    sortBy: textOf(parts, 'sortBy'),
    sortOrder: textOf(parts, 'sortOrder'),
    startIndex: number('startIndex'),
    count: number('count'),
    attributes: list('attributes'),
    excludedAttributes: list('excludedAttributes'),
  }
}

/** RFC 7644, section 3.4.3: lists are lists, numbers are numbers. @throws ScimError */
function fromBody(body: unknown): SearchParameters {
  if (!isObject(body)) throw new ScimError(400, 'a search is an object of JSON', 'invalidSyntax')
  requireSchema(body, searchUrn, 'a search')
  const list = (name: string) => {
    const value = memberOf(body, name) ?? undefined
    if (value === undefined) return undefined
    if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value as string[]
    throw new ScimError(400, `${name} is a list of texts`, 'invalidValue')
  }
  const numbers = Object.fromEntries(['startIndex', 'count'].map((name) => [name, textOrNumber(memberOf(body, name))]))
  const texts = Object.fromEntries(['filter', 'sortBy', 'sortOrder'].map((name) => [name, memberOf(body, name)]))
  return { ...fromQuery({ ...numbers, ...texts }), attributes: list('attributes'), excludedAttributes: list('excludedAttributes') }
}

function textOrNumber(value: unknown): unknown {
  return typeof value === 'number' ? String(value) : value
}

/** What is given twice is as unclear as what is no text. */
function textOf(parts: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = memberOf(parts, name) ?? undefined
  if (value === undefined || typeof value === 'string') return value
  throw new ScimError(400, `${name} is one text`, 'invalidValue')
}
