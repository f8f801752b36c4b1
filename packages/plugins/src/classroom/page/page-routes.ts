import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { StandinError } from '@standin/client'
import { type PagePasses, type PluginContext, parseDuration } from '@standin/core'
import Type from 'typebox'
import { refuseLink } from '../class-access.ts'
import type { App } from '../class-routes.ts'
import { answerOf } from '../class-view.ts'
import type { Classroom } from '../classroom.ts'
import { classPage, enterPage, type RenderedPage, strangerPage, studentsPage } from './render-page.ts'

const cookieName = 'standin_class'
/** Where the plugin's routes are. */
const root = '/v1/plugins/classroom/classes'
const answerMs = 30_000
const mostLifeMs = 7 * 24 * 3_600_000

/** Of every answer: nothing of it is kept, framed, or read by a page of another origin. */
const headers = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}

const closed = { additionalProperties: false } as const
const Invite = Type.Object(
  { expires: Type.String({ default: '12h', pattern: '^[0-9]{1,3}[hd]$', description: 'How long the page may be looked at; at most 7d' }) },
  closed,
)
const Entry = Type.Object({ code: Type.String({ maxLength: 200 }), secure: Type.Boolean({ default: false }) }, closed)
const SeatParams = Type.Object({ name: Type.String({ maxLength: 63 }), seat: Type.Integer({ minimum: 1, maximum: 500 }) })
type Named = { Params: { name: string } }

/**
 * The page of a class for its instructor: a browser has a pass of its own in a cookie that no script and no other site can use,
 * and that opens this page and nothing else. What it changes needs a second proof, which only the page itself can read.
 */
export function pageRoutes(app: App, classroom: Classroom, context: PluginContext, passes: PagePasses): void {
  const open = { config: { scope: null } } as const
  const [page, enter, stranger] = [classPage(), enterPage(), strangerPage()]

  app.post<Named & { Body: Type.Static<typeof Invite> }>(
    '/classes/:name/links',
    {
      config: { permission: { rule: 'named', role: 'editor', note: 'in the project of the class; its instructors' } },
      schema: { body: Invite },
    },
    async ({ params: { name }, body: { expires }, pluginCaller }, reply) => {
      refuseLink(pluginCaller, classroom.class(name).config)
      const by = pluginCaller?.user == null ? (pluginCaller?.actor ?? '') : `user:${pluginCaller.user.id}`
      const { code, expiresAt } = await passes.invite(name, Math.min(parseDuration(expires), mostLifeMs), by)
      return reply
        .headers(headers)
        .code(201)
        .send({ path: `${root}/${name}/page/enter#${code}`, expiresAt })
    },
  )

  app.get<Named>('/classes/:name/page', open, async (request, reply) => {
    const pass = await passOf(request.headers, request.params.name, passes)
    return pass === null ? answer(reply.code(401), stranger) : answer(reply, page)
  })

  app.get<Named>('/classes/:name/page/enter', open, (_, reply) => answer(reply, enter))

  app.post<Named & { Body: Type.Static<typeof Entry> }>(
    '/classes/:name/page/enter',
    { ...open, schema: { body: Entry } },
    async (request, reply) => {
      refuseForeignPage(request.headers)
      const { code, secure } = request.body
      const entered = await passes.enter(code)
      reply.headers(headers)
      if (entered === null || entered.pass.name !== request.params.name) {
        throw new StandinError('unauthenticated', 'this link was used, is too old, or never was one', { hint: newLink })
      }
      const { text, pass } = entered
      if (!(await isStillThere(pass.createdBy, context))) {
        await passes.revoke(pass.id)
        throw new StandinError('unauthenticated', 'whoever made this link may not see the class any more', { hint: newLink })
      }
      const seconds = Math.floor((Date.parse(pass.expiresAt) - Date.parse(pass.createdAt)) / 1000)
      const cookie = `${cookieName}=${text}; Path=${root}/${pass.name}/page; Max-Age=${seconds}; HttpOnly; SameSite=Strict`
      return reply
        .header('set-cookie', secure ? `${cookie}; Secure` : cookie)
        .code(204)
        .send()
    },
  )

  const requirePass = async (request: { headers: IncomingHttpHeaders; params: { name: string } }) => {
    const pass = await passOf(request.headers, request.params.name, passes)
    if (pass === null) throw new StandinError('unauthenticated', 'this browser has not been let in, or not any more', { hint: newLink })
    return pass
  }

  app.get<Named>('/classes/:name/page/now', open, async (request, reply) => {
    refuseForeignPage(request.headers)
    const { text } = await requirePass(request)
    const state = await answerOf(classroom.class(request.params.name), context, AbortSignal.timeout(answerMs))
    return reply.headers(headers).send({ ...state, proof: proofOf(text) })
  })

  app.get<Named>('/classes/:name/page/students', open, async (request, reply) => {
    const pass = await passOf(request.headers, request.params.name, passes)
    if (pass === null) return answer(reply.code(401), stranger)
    return answer(reply, studentsPage(await answerOf(classroom.class(request.params.name), context, AbortSignal.timeout(answerMs))))
  })

  app.post<{ Params: { name: string; seat: number } }>(
    '/classes/:name/page/seats/:seat/reset',
    { ...open, schema: { params: SeatParams } },
    async (request, reply) => {
      refuseForeignPage(request.headers)
      const { text, createdBy } = await requirePass(request)
      if (!isSame(request.headers['x-standin-proof'], proofOf(text))) {
        throw new StandinError('forbidden', 'only the page of the class itself may ask for this', { hint: 'Load the page again' })
      }
      const { name, seat } = request.params
      await classroom.reset(classroom.class(name), seat, `${createdBy} on the page`, AbortSignal.timeout(answerMs))
      return reply.headers(headers).code(202).send({ class: name, seat })
    },
  )
}

/** Who left between making a link and its use lets nobody in. */
async function isStillThere(createdBy: string, { client }: PluginContext): Promise<boolean> {
  if (!createdBy.startsWith('user:')) return true
  const user = await client.users.get(createdBy.slice('user:'.length)).catch((error: unknown) => {
    if (error instanceof StandinError && error.code === 'user_not_found') return null
    throw error
  })
  return user?.active === true
}

const newLink = '`standin class link NAME` prints a new one'

interface Answer {
  headers(values: Readonly<Record<string, string>>): Answer
  type(mediaType: string): Answer
  send(body: string): Answer
}

function answer(reply: Answer, { html, policy }: RenderedPage): Answer {
  return reply
    .headers({ ...headers, 'content-security-policy': policy })
    .type('text/html; charset=utf-8')
    .send(html)
}

/** Of several cookies of this name (a sibling of this host may set one for both), any that is good for this class will do. */
async function passOf(headers: IncomingHttpHeaders, name: string, passes: PagePasses): Promise<{ text: string; createdBy: string } | null> {
  for (const part of (headers.cookie ?? '').split(';').slice(0, 50)) {
    const [key, text = ''] = part.trim().split('=')
    if (key !== cookieName) continue
    const pass = await passes.check(text)
    if (pass !== null && pass.name === name) return { text, createdBy: pass.createdBy }
  }
  return null
}

/** What a browser sends for a page of another origin (W3C Fetch Metadata); SameSite=Strict lets those of its own site through. */
function refuseForeignPage(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin')
    throw new StandinError('forbidden', 'only the page of the class itself may ask for this', {})
}

/** Made of the cookie, which no script can read; sent as a header, which no form and no other site can send. */
function proofOf(pass: string): string {
  return createHmac('sha256', pass).update('standin class page').digest('base64url')
}

function isSame(given: string | string[] | undefined, proof: string): boolean {
  return typeof given === 'string' && given.length === proof.length && timingSafeEqual(Buffer.from(given), Buffer.from(proof))
}
