import { StandinError } from '@standin/client'
import {
  type PagePasses,
  PassEntry,
  type PluginHooks,
  parseDuration,
  passCookie,
  passOf,
  passPageHeaders,
  refuseForeignPage,
  sendPassPage,
} from '@standin/core'
import Type from 'typebox'
import { boardPages } from './board-page.ts'
import type { UsageBoard } from './usage-board.ts'
import { UsageNow } from './usage-now.ts'

type App = Parameters<NonNullable<PluginHooks['routes']>>[0]

const cookieName = 'standin_board'
/** Where the plugin's routes are. */
const root = '/v1/plugins/usage'

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
/**
 * The board: a page for a screen on a wall, which has a pass of its own in a cookie that no script and no other site can use,
 * and that opens nothing but the board. Who has a token may read the same data with it.
 */
export function boardRoutes(app: App, board: UsageBoard, passes: PagePasses): void {
  const { shown, enter, stranger } = boardPages()

  app.get('/board', { config: { scope: null } }, async (request, reply) => {
    const pass = await passOf(request.headers, cookieName, passes)
    return pass === null ? sendPassPage(reply.code(401), stranger) : sendPassPage(reply, shown)
  })

  app.get('/board/enter', { config: { scope: null } }, (_, reply) => sendPassPage(reply, enter))

  app.post<{ Body: PassEntry }>('/board/enter', { config: { scope: null }, schema: { body: PassEntry } }, async (request, reply) => {
    refuseForeignPage(request.headers)
    const { code, secure } = request.body
    const entered = await passes.enter(code)
    reply.headers(passPageHeaders)
    if (entered === null) throw new StandinError('unauthenticated', 'this link was used, is too old, or never was one', { hint: newLink })
    reply.header('set-cookie', passCookie(cookieName, root, entered, secure))
    return reply.code(204).send()
  })

  // A pass outlives the token that made it: only who may make tokens may make passes.
  app.post<{ Body: Type.Static<typeof Invite> }>(
    '/board/links',
    { config: { scope: 'admin' }, schema: { body: Invite } },
    async ({ body: { name, expires }, pluginCaller }, reply) => {
      const { code, expiresAt } = await passes.invite(name, parseDuration(expires), pluginCaller?.actor ?? '')
      return reply
        .headers(passPageHeaders)
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
    refuseForeignPage(request.headers)
    const pass = await passOf(request.headers, cookieName, passes)
    if (pass === null) throw new StandinError('unauthenticated', 'this screen has not been let in, or not any more', { hint: newLink })
    if (board.streams.isFull) throw new StandinError('overloaded', 'so many screens look at the board that no further one can', {})
    reply.hijack()
    const text = pass.text
    board.streams.open(reply.raw, passPageHeaders, shown.version, async () => (await passes.check(text)) !== null)
    await board.show()
  })

  app.get('/now', { schema: { response: { 200: UsageNow } } }, async (_, reply) => {
    reply.headers(passPageHeaders)
    return board.now()
  })
}

const newLink = '`standin usage board` prints a new one'
