import type { IncomingHttpHeaders } from 'node:http'
import { StandinError } from '@standin/client'
import { type PagePasses, type PluginHooks, parseDuration } from '@standin/core'
import Type from 'typebox'
import { type BoardPage, boardPage, enterPage, strangerPage } from './board-page.ts'
import type { UsageBoard } from './usage-board.ts'
import { UsageNow } from './usage-now.ts'

type App = Parameters<NonNullable<PluginHooks['routes']>>[0]

const cookieName = 'standin_board'
/** Where the plugin's routes are. */
const root = '/v1/plugins/usage'

/** Of every answer: nothing of it is kept, framed, or read by a page of another origin. */
const headers = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}

const Invite = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 63, description: 'Which screen it is for' }),
    expires: Type.String({
      default: '90d',
      pattern: '^[0-9]{1,5}[hd]$',
      description: 'How long the screen may look, from when it is let in',
    }),
  },
  { additionalProperties: false },
)
const Entry = Type.Object(
  { code: Type.String({ maxLength: 200 }), secure: Type.Boolean({ default: false }) },
  { additionalProperties: false },
)

/**
 * The board: a page for a screen on a wall, which has a pass of its own in a cookie that no script and no other site can use,
 * and that opens nothing but the board. Who has a token may read the same data with it.
 */
export function boardRoutes(app: App, board: UsageBoard, passes: PagePasses): void {
  const [shown, enter, stranger] = [boardPage(), enterPage(), strangerPage()]

  app.get('/board', { config: { scope: null } }, async (request, reply) => {
    const pass = await passOf(request.headers, passes)
    return pass === null ? answer(reply.code(401), stranger) : answer(reply, shown)
  })

  app.get('/board/enter', { config: { scope: null } }, (_, reply) => answer(reply, enter))

  app.post<{ Body: Type.Static<typeof Entry> }>(
    '/board/enter',
    { config: { scope: null }, schema: { body: Entry } },
    async (request, reply) => {
      refuseStrangers(request.headers)
      const { code, secure } = request.body
      const entered = await passes.enter(code)
      reply.headers(headers)
      if (entered === null) throw new StandinError('unauthenticated', 'this link was used, is too old, or never was one', { hint: newLink })
      const { text, pass } = entered
      const seconds = Math.floor((Date.parse(pass.expiresAt) - Date.parse(pass.createdAt)) / 1000)
      reply.header(
        'set-cookie',
        `${cookieName}=${text}; Path=${root}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`,
      )
      return reply.code(204).send()
    },
  )

  // A pass outlives the token that made it: only who may make tokens may make passes.
  app.post<{ Body: Type.Static<typeof Invite> }>(
    '/board/links',
    { config: { scope: 'admin' }, schema: { body: Invite } },
    async ({ body: { name, expires }, pluginCaller }, reply) => {
      const { code, expiresAt } = await passes.invite(name, parseDuration(expires), pluginCaller?.actor ?? '')
      return reply
        .headers(headers)
        .code(201)
        .send({ path: `${root}/board/enter#${code}`, expiresAt })
    },
  )

  app.get('/board/passes', async () => ({ items: await passes.list() }))

  app.delete<{ Params: { id: string } }>('/board/passes/:id', { config: { scope: 'admin' } }, async ({ params: { id } }, reply) => {
    if (!(await passes.revoke(id)))
      throw new StandinError('token_not_found', `there is no pass ${id.slice(0, 80)}`, { hint: '`standin usage board --list` shows them' })
    board.streams.check()
    return reply.code(204).send()
  })

  app.get('/board/stream', { config: { scope: null } }, async (request, reply) => {
    refuseStrangers(request.headers)
    const pass = await passOf(request.headers, passes)
    if (pass === null) throw new StandinError('unauthenticated', 'this screen has not been let in, or not any more', { hint: newLink })
    if (board.streams.isFull) throw new StandinError('overloaded', 'so many screens look at the board that no further one can', {})
    reply.hijack()
    const text = pass.text
    board.streams.open(reply.raw, headers, shown.version, async () => (await passes.check(text)) !== null)
    await board.show()
  })

  app.get('/now', { schema: { response: { 200: UsageNow } } }, async (_, reply) => {
    reply.headers(headers)
    return board.now()
  })
}

const newLink = '`standin usage board` prints a new one'

interface Answer {
  headers(values: Readonly<Record<string, string>>): Answer
  type(mediaType: string): Answer
  send(body: string): Answer
}

function answer(reply: Answer, { html, policy }: BoardPage): Answer {
  return reply
    .headers({ ...headers, 'content-security-policy': policy })
    .type('text/html; charset=utf-8')
    .send(html)
}

/** Of several cookies of this name (a sibling of this host may set one for both), any that is good will do. */
async function passOf(headers: IncomingHttpHeaders, passes: PagePasses): Promise<{ text: string } | null> {
  for (const part of (headers.cookie ?? '').split(';').slice(0, 50)) {
    const [name, text = ''] = part.trim().split('=')
    if (name === cookieName && (await passes.check(text)) !== null) return { text }
  }
  return null
}

/** What a browser sends for a page of another origin (W3C Fetch Metadata); SameSite=Strict lets those of its own site through. */
function refuseStrangers(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') throw new StandinError('forbidden', 'only the board itself may ask for this', {})
}
