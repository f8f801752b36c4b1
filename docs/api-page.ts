import { type ApiEndpoint, api, type Permission, permissionOf, scopes } from '@standin/client'
import { readSchemaFiles } from './schema-sources.ts'
import { SchemaWords } from './schema-words.ts'

const titles: Readonly<Record<keyof typeof api, string>> = {
  server: 'Server',
  environments: 'Environments',
  aliases: 'Aliases',
  faults: 'Faults',
  templates: 'Templates',
  channels: 'Channels',
  builds: 'Builds',
  events: 'Events',
  plugins: 'Plugins',
  tables: 'Routes and records',
  users: 'Users',
  groups: 'Groups',
  roles: 'Roles',
  tokens: 'Tokens',
  activity: 'Activity',
}

export function apiPage(): string {
  const words = new SchemaWords(
    readSchemaFiles().flatMap(({ schemas }) => schemas),
    'schemas.md',
  )
  const groups = Object.entries(api) as [keyof typeof api, Readonly<Record<string, ApiEndpoint>>][]
  let page = `# HTTP API

JSON over HTTP. Every request but those marked *no token* carries \`Authorization: Bearer <token>\`; a token has one scope, of
${scopes.map((scope) => `\`${scope}\``).join(' < ')}, and each includes those before it. What goes wrong is a problem document with a code
from [Errors](errors.md). A token of a user needs the role as well, in the project that it is about
([People](../guide/people.md)); what its user does not see is not found. An unknown parameter is refused. The same as an OpenAPI document: \`GET /v1/openapi.json\`.

A mutation may carry an \`Idempotency-Key\` (any text up to 200 characters, new for each intent): for 24 hours the same request with the
same key gets the same answer and is done once. So it can be sent again after a connection broke.

Who acts for somebody else may say so: with \`Standin-On-Behalf-Of: token:directory\` (or \`user:alice\`, percent-encoded), events have
\`plugin:identity for token:directory\` as their actor. What may be done is the token's own alone.

Lists are \`{items, nextCursor}\`; give \`nextCursor\` as \`cursor\` for the next page, null is the last one.

| request | | scope | role |
|---|---|---|---|
`
  for (const [group, endpoints] of groups) {
    for (const [name, endpoint] of Object.entries(endpoints)) {
      page += `| [\`${endpoint.method} ${endpoint.path}\`](#${anchor(endpoint)}) | ${endpoint.summary} | ${endpoint.scope ?? 'no token'} | ${roleOf(permissionOf(`${group}.${name}`))} |\n`
    }
  }
  for (const [group, endpoints] of groups) {
    page += `\n## ${titles[group]}\n`
    for (const [name, endpoint] of Object.entries(endpoints)) page += `\n${describe(`${group}.${name}`, endpoint, words)}`
  }
  return page
}

function describe(operation: string, endpoint: ApiEndpoint, words: SchemaWords): string {
  const { method, path, summary, scope, params, querystring, body, upload, response, stream } = endpoint
  let text = `### ${method} ${path}\n\n${summary}. Operation \`${operation}\`, ${scope === null ? 'no token' : `scope \`${scope}\``}${roleText(permissionOf(operation))}.\n`
  if (params !== undefined) text += `\nIn the path:\n\n${words.properties(params)}`
  if (querystring !== undefined) text += `\nIn the query:\n\n${words.properties(querystring)}`
  if (body !== undefined) text += `\nBody: ${words.type(body)}\n`
  if (upload !== undefined) text += `\nBody: \`${upload}\`, streamed\n`
  for (const [status, schema] of Object.entries(response)) {
    text += `\nAnswer ${status}${status === '204' ? '' : `: ${words.type(schema)}`}\n`
  }
  if (stream !== undefined) {
    const items = Object.entries(stream.items).map(([event, schema]) => `\`${event}\` ${words.type(schema)}`)
    text += `\nAs a stream: \`${stream.type}\`${items.length === 0 ? '' : `, ${items.join(', ')}`}\n`
  }
  return text
}

/** As GitHub makes it from the heading. */
function anchor({ method, path }: ApiEndpoint): string {
  return `${method} ${path}`
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}

function roleOf(permission: Permission | undefined): string {
  if (permission === undefined || permission.rule === 'token') return ''
  if (permission.rule === 'seen') return 'what is seen'
  return permission.rule === 'everywhere' ? `${permission.role}, everywhere` : permission.role
}

function roleText(permission: Permission | undefined): string {
  if (permission === undefined || permission.rule === 'token') return ''
  if (permission.rule === 'seen') return ', for users what they see'
  return `, for users the role \`${permission.role}\`${permission.rule === 'everywhere' ? ' everywhere' : ''}${permission.rule === 'named' ? ` (${permission.note})` : ''}`
}
