import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Type, { type TSchema } from 'typebox'
import { Value } from 'typebox/value'

/** A page as the simulator keeps it. */
export interface SimulatedPage {
  readonly id: string
  readonly spaceId: string
  status: 'current' | 'trashed' | 'archived'
  title: string
  parentId: string | null
  version: number
  value: string
  readonly labels: Set<string>
  readonly attachments: Map<string, string>
  /** Who may do what with it, of the account that asks. */
  access: 'change' | 'see' | 'nothing'
}

/** How a request that is otherwise right goes wrong. */
export type Misfortune =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** It is done, but nobody hears of it. */
  | 'cut after it is done'
  /** Somebody saves the page between reading and writing. */
  | ((page: SimulatedPage) => void)

const Content = Type.Object({ representation: Type.Literal('storage'), value: Type.String() }, { additionalProperties: false })
const title = Type.String({ minLength: 1, maxLength: 255 })
const numeric = Type.String({ pattern: '^[0-9]+$' })
const CreatePage = Type.Object(
  { spaceId: numeric, status: Type.Literal('current'), title, parentId: Type.Optional(numeric), body: Content },
  { additionalProperties: false },
)
const UpdatePage = Type.Object(
  {
    id: numeric,
    status: Type.Literal('current'),
    title,
    parentId: Type.Optional(numeric),
    body: Content,
    version: Type.Object({ number: Type.Integer({ minimum: 1 }), message: Type.Optional(Type.String()) }, { additionalProperties: false }),
  },
  { additionalProperties: false },
)
const AddLabels = Type.Array(
  Type.Object(
    { prefix: Type.Literal('global'), name: Type.String({ pattern: '^[^\\s:;,.?&[\\]()#^*@!]{1,255}$' }) },
    { additionalProperties: false },
  ),
  { minItems: 1 },
)
const Archive = Type.Object(
  { pages: Type.Array(Type.Object({ id: Type.Integer() }, { additionalProperties: false }), { minItems: 1, maxItems: 300 }) },
  { additionalProperties: false },
)

interface Call {
  readonly method: string
  readonly url: URL
  readonly body: Buffer
  readonly headers: IncomingMessage['headers']
}
type Answer = { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }

const problem = (status: number, text: string): Answer => ({ status, body: { errors: [{ status, code: 'INVALID', title: text }] } })

/**
 * Confluence Cloud as its documentation describes it, as far as pages go: REST version 2, and of version 1 what 2 has not.
 * Every request has to be right in its method, path, query, headers, body, version number; one that isn't is refused as
 * documented, and kept in `faults` as well, so that a test sees it.
 */
export class ConfluenceSimulator {
  readonly pages = new Map<string, SimulatedPage>()
  /** `POST /wiki/api/v2/pages`, in order. */
  readonly requests: string[] = []
  /** What was wrong with requests. */
  readonly faults: string[] = []
  readonly token = 'api-token-of-the-test'
  readonly email = 'standin@example.com'
  readonly spaces: Record<string, string> = { ENV: '65537', OPS: '65538' }
  readonly #misfortunes: { readonly call: RegExp; readonly misfortune: Misfortune }[] = []
  readonly #server: Server
  #nextId = 100_001

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** The next request that fits meets it: `/^PUT .*\/pages\//`. */
  upset(call: RegExp, ...misfortunes: readonly Misfortune[]): void {
    for (const misfortune of misfortunes) this.#misfortunes.push({ call, misfortune })
  }

  /** The one of that title that people see; undefined: none. */
  titled(text: string): SimulatedPage | undefined {
    return [...this.pages.values()].find((page) => page.title === text && page.status === 'current')
  }

  add(text: string, value: string, parentId: string | null = null, spaceId = '65537'): SimulatedPage {
    const page: SimulatedPage = {
      id: String(this.#nextId++),
      spaceId,
      status: 'current',
      title: text,
      parentId,
      version: 1,
      value: asStored(value),
      labels: new Set(),
      attachments: new Map(),
      access: 'change',
    }
    this.pages.set(page.id, page)
    return page
  }

  /** What takes a title: whatever its case, and whoever may see it. */
  #called(text: string, spaceId: string): SimulatedPage | undefined {
    const name = text.toLowerCase()
    return [...this.pages.values()].find((page) => {
      return page.title.toLowerCase() === name && page.spaceId === spaceId && page.status === 'current'
    })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    try {
      for await (const part of request) parts.push(part as Buffer)
    } catch {
      // Whoever was asking was killed meanwhile.
      return
    }
    const method = request.method ?? ''
    const url = new URL(request.url ?? '/', 'http://simulator')
    const name = `${method} ${url.pathname}`
    this.requests.push(name)
    const index = this.#misfortunes.findIndex(({ call }) => call.test(name))
    const [upset] = index < 0 ? [] : this.#misfortunes.splice(index, 1)
    const misfortune = upset?.misfortune
    if (typeof misfortune === 'object') {
      response.writeHead(misfortune.status, misfortune.headers).end(misfortune.body ?? '')
      return
    }
    if (typeof misfortune === 'function') misfortune(this.pages.get(/\d+$/.exec(url.pathname)?.[0] ?? '') as SimulatedPage)
    const answer = this.#answerOrRefuse({ method, url, body: Buffer.concat(parts), headers: request.headers })
    if (misfortune === 'cut after it is done') {
      request.socket.destroy()
      return
    }
    if (answer.status === 400 || answer.status === 415) this.faults.push(`${name}: ${JSON.stringify(answer.body)}`)
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body))
  }

  #answerOrRefuse(call: Call): Answer {
    try {
      return this.#answer(call)
    } catch (error) {
      if (error instanceof Refusal) return error.answer
      throw error
    }
  }

  #answer(call: Call): Answer {
    const expected = `Basic ${Buffer.from(`${this.email}:${this.token}`).toString('base64')}`
    if (call.headers.authorization !== expected) return problem(401, 'Unauthorized')
    if (call.headers.accept !== 'application/json') return problem(400, `accept is ${call.headers.accept}`)
    const { method, url } = call
    const [, , area, ...path] = url.pathname.split('/')
    if (area === 'api' && path[0] === 'v2') return this.#version2(call, path.slice(1))
    if (area === 'rest' && path[0] === 'api' && path[1] === 'content') return this.#version1(call, path.slice(2))
    return problem(404, `${method} ${url.pathname} is no call of this API`)
  }

  #version2(call: Call, [kind, id, part]: string[]): Answer {
    const { method, url } = call
    if (method === 'GET' && kind === 'spaces' && id === undefined) {
      const found = Object.entries(this.spaces).filter(([key]) => url.searchParams.getAll('keys').includes(key))
      return { status: 200, body: { results: found.map(([key, spaceId]) => ({ id: spaceId, key })), _links: {} } }
    }
    if (kind !== 'pages') return problem(404, 'no such call')
    if (id === undefined)
      return method === 'GET' ? this.#find(url.searchParams) : method === 'POST' ? this.#create(call) : problem(405, method)
    const page = this.pages.get(id)
    if (page === undefined || page.access === 'nothing') return problem(404, `no page ${id}`)
    if (page.access === 'see' && method !== 'GET') return problem(403, 'Forbidden')
    if (part === 'labels' && method === 'GET') {
      return { status: 200, body: { results: [...page.labels].map((name) => ({ id: '1', name, prefix: 'global' })), _links: {} } }
    }
    if (part !== undefined) return problem(404, 'no such call')
    if (method === 'GET') return { status: 200, body: view(page, url.searchParams.get('body-format')) }
    if (method === 'PUT') return this.#update(call, page)
    if (method === 'DELETE') {
      if (page.status !== 'current') return problem(404, 'not current')
      page.status = 'trashed'
      return { status: 204 }
    }
    return problem(405, method)
  }

  #find(query: URLSearchParams): Answer {
    const known = ['space-id', 'title', 'status', 'body-format', 'limit', 'cursor', 'sort', 'subtype', 'id']
    for (const key of query.keys()) if (!known.includes(key)) return problem(400, `no parameter ${key}`)
    const found = [...this.pages.values()].filter(
      (page) =>
        page.access !== 'nothing' &&
        page.spaceId === query.get('space-id') &&
        page.title === query.get('title') &&
        page.status === (query.get('status') ?? 'current'),
    )
    return { status: 200, body: { results: found.map((page) => view(page, query.get('body-format'))), _links: {} } }
  }

  #create(call: Call): Answer {
    const { title: text, parentId = null, spaceId, body: content } = this.#json(call, CreatePage)
    if (!Object.values(this.spaces).includes(spaceId)) return problem(404, `no space ${spaceId}`)
    if (parentId !== null && this.pages.get(parentId)?.status !== 'current') return problem(404, `no parent ${parentId}`)
    if (this.#called(text, spaceId) !== undefined) return problem(400, 'A page already exists with the same TITLE in this space')
    return { status: 200, body: view(this.add(text, content.value, parentId, spaceId), 'storage') }
  }

  #update(call: Call, page: SimulatedPage): Answer {
    const next = this.#json(call, UpdatePage)
    if (next.id !== page.id) return problem(400, 'the id is not that of the path')
    if (page.status !== 'current') return problem(404, 'not current')
    if (next.version.number !== page.version + 1) return problem(409, `version is ${page.version}`)
    const other = this.#called(next.title, page.spaceId)
    // As it is seen there: not a word of the title.
    if (other !== undefined && other !== page)
      return problem(409, 'No space or no content type, or setup a wrong version type set to content')
    if (next.parentId !== undefined && this.pages.get(next.parentId)?.status !== 'current')
      return problem(404, `no parent ${next.parentId}`)
    page.title = next.title
    page.value = asStored(next.body.value)
    page.version = next.version.number
    if (next.parentId !== undefined) page.parentId = next.parentId
    return { status: 200, body: view(page, 'storage') }
  }

  #version1(call: Call, [id, ...rest]: string[]): Answer {
    const { method, url, headers } = call
    if (id === 'archive' && method === 'POST') {
      for (const each of this.#json(call, Archive).pages) {
        const page = this.pages.get(String(each.id))
        if (page !== undefined) page.status = 'archived'
      }
      return { status: 202, body: { id: '1', links: { status: '/rest/api/longtask/1' } } }
    }
    const page = this.pages.get(id ?? '')
    if (page === undefined) return problem(404, `no content ${id}`)
    if (rest.join('/') === 'label' && method === 'POST') {
      for (const { name } of this.#json(call, AddLabels)) page.labels.add(name)
      return { status: 200, body: { results: [] } }
    }
    if (rest.join('/') === 'label' && method === 'DELETE') {
      return page.labels.delete(url.searchParams.get('name') ?? '') ? { status: 204 } : problem(404, 'no such label')
    }
    if (rest.join('/') === 'child/attachment' && method === 'PUT') {
      if (headers['x-atlassian-token'] !== 'nocheck') return problem(403, 'XSRF check failed')
      if (!headers['content-type']?.startsWith('multipart/form-data; boundary=')) return problem(415, String(headers['content-type']))
      const text = call.body.toString()
      const file = /name="file"; filename="([^"]+)"\r\nContent-Type: [^\r]+\r\n\r\n([\s\S]*?)\r\n--/i.exec(text)
      if (file === null || !/name="minorEdit"\r\n\r\ntrue\r\n/.test(text)) return problem(400, 'no file, or no minorEdit')
      page.attachments.set(String(file[1]), String(file[2]))
      return { status: 200, body: { results: [] } }
    }
    return problem(404, 'no such call')
  }

  /** @throws Refusal */
  #json<const S extends TSchema>(call: Call, schema: S): Type.Static<S> {
    if (call.headers['content-type'] !== 'application/json') throw new Refusal(415, String(call.headers['content-type']))
    let body: unknown
    try {
      body = JSON.parse(call.body.toString())
    } catch {
      throw new Refusal(400, 'no JSON')
    }
    const [fault] = Value.Errors(schema, body)
    if (fault !== undefined) throw new Refusal(400, `${fault.instancePath} ${fault.message}`)
    return body as Type.Static<S>
  }
}

class Refusal extends Error {
  readonly answer: Answer

  constructor(status: number, text: string) {
    super(text)
    this.answer = problem(status, text)
  }
}

function view(page: SimulatedPage, format: string | null) {
  const { id, spaceId, status, title: text, parentId, version, value } = page
  const body = format === 'storage' ? { storage: { representation: 'storage', value } } : {}
  return {
    id,
    spaceId,
    status,
    title: text,
    parentId,
    parentType: parentId === null ? 'space' : 'page',
    version: { number: version },
    body,
    _links: {},
  }
}

/** What it keeps is not byte for byte what it was given: macros get a version and an id, anchors the name of before the new editor. */
function asStored(value: string): string {
  let count = 0
  return value
    .replace(/<ac:structured-macro ac:name="(\w+)">/g, (_, name) => {
      return `<ac:structured-macro ac:name="${name}" ac:schema-version="1" ac:macro-id="00000000-0000-4000-8000-${String(count++).padStart(12, '0')}">`
    })
    .replace(
      /(<ac:parameter ac:name="">)([\w-]+)(<\/ac:parameter>)(?!<ac:parameter)/g,
      '$&<ac:parameter ac:name="legacyAnchorId">LEGACY-$2$3',
    )
}
