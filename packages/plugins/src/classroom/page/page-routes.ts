import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { StandinError } from '@standin/client'
import {
  type PagePasses,
  PassEntry,
  type PluginContext,
  parseDuration,
  passCookie,
  passOf,
  passPageHeaders,
  refuseForeignPage,
  sendPassPage,
} from '@standin/core'
import Type from 'typebox'
import { makerOf, refuseLink } from '../class-access.ts'
import type { App } from '../class-routes.ts'
import { answerOf } from '../class-view.ts'
import type { Classroom } from '../classroom.ts'
import { classPages, studentsPage } from './render-page.ts'

const cookieName = 'standin_class'
/** Where the plugin's routes are. */
const root = '/v1/plugins/classroom/classes'
const answerMs = 30_000
const mostLifeMs = 7 * 24 * 3_600_000

const closed = { additionalProperties: false } as const
const Invite = Type.Object(
  { expires: Type.String({ default: '12h', pattern: '^[0-9]{1,3}[hd]$', description: 'How long the page may be looked at; at most 7d' }) },
  closed,
)
const SeatParams = Type.Object({ name: Type.String({ maxLength: 63 }), seat: Type.Integer({ minimum: 1, maximum: 500 }) })
type Named = { Params: { name: string } }

/**
 * The page of a class for its instructor: a browser has a pass of its own in a cookie that no script and no other site can use,
 * and that opens this page and nothing else. What it changes needs a second proof, which only the page itself can read.
 */
export function pageRoutes(app: App, classroom: Classroom, context: PluginContext, passes: PagePasses): void {
  const open = { config: { scope: null } } as const
  const { shown, enter, stranger } = classPages()

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
        .headers(passPageHeaders)
        .code(201)
        .send({ path: `${root}/${name}/page/enter#${code}`, expiresAt })
    },
  )

  /** What a browser may ask for with its pass, and who made that; null: nothing, or nothing any more. */
  const letIn = async ({ headers, params: { name } }: { headers: IncomingHttpHeaders; params: { name: string } }) => {
    const found = await passOf(headers, cookieName, passes, name)
    if (found === null) return null
    const by = await makerOf(found.pass, classroom.class(name).config, context.client)
    return by === null ? null : { by, proof: proofOf(found.text) }
  }
  const requirePass = async (request: Parameters<typeof letIn>[0]) => {
    refuseForeignPage(request.headers)
    const pass = await letIn(request)
    if (pass === null) throw new StandinError('unauthenticated', 'this browser has not been let in, or not any more', { hint: newLink })
    return pass
  }
  const stateOf = (name: string) => answerOf(classroom.class(name), context, AbortSignal.timeout(answerMs))

  app.get<Named>('/classes/:name/page', open, async (request, reply) => {
    return (await letIn(request)) === null ? sendPassPage(reply.code(401), stranger) : sendPassPage(reply, shown)
  })

  app.get<Named>('/classes/:name/page/enter', open, (_, reply) => sendPassPage(reply, enter))

  app.post<Named & { Body: PassEntry }>('/classes/:name/page/enter', { ...open, schema: { body: PassEntry } }, async (request, reply) => {
    refuseForeignPage(request.headers)
    const { name } = request.params
    const entered = await passes.enter(request.body.code)
    const by = entered?.pass.name === name ? await makerOf(entered.pass, classroom.class(name).config, context.client) : null
    reply.headers(passPageHeaders)
    if (entered === null || by === null) {
      if (entered !== null) await passes.revoke(entered.pass.id)
      const why = 'this link was used, is too old, or never was one; or whoever made it may not reset seats of the class any more'
      throw new StandinError('unauthenticated', why, { hint: newLink })
    }
    return reply
      .header('set-cookie', passCookie(cookieName, `${root}/${name}/page`, entered, request.body.secure))
      .code(204)
      .send()
  })

  app.get<Named>('/classes/:name/page/now', open, async (request, reply) => {
    const { proof } = await requirePass(request)
    return reply
      .headers(passPageHeaders)
      .send({ ...(await stateOf(request.params.name)), at: new Date(context.clock.now()).toISOString(), proof })
  })

  app.get<Named>('/classes/:name/page/students', open, async (request, reply) => {
    if ((await letIn(request)) === null) return sendPassPage(reply.code(401), stranger)
    return sendPassPage(reply, studentsPage(await stateOf(request.params.name)))
  })

  app.post<{ Params: { name: string; seat: number } }>(
    '/classes/:name/page/seats/:seat/reset',
    { ...open, schema: { params: SeatParams } },
    async (request, reply) => {
      const { by, proof } = await requirePass(request)
      if (!isSame(request.headers['x-standin-proof'], proof)) {
        throw new StandinError('forbidden', 'only the page itself may ask for this', { hint: 'Load the page again' })
      }
      const { name, seat } = request.params
      await classroom.reset(classroom.class(name), seat, `${by} on the page`, AbortSignal.timeout(answerMs))
      return reply.headers(passPageHeaders).code(202).send({ class: name, seat })
    },
  )
}

const newLink = '`standin class link NAME` prints a new one'

/** Made of the cookie, which no script can read; sent as a header, which no form and no other site can send. */
function proofOf(pass: string): string {
  return createHmac('sha256', pass).update('standin class page').digest('base64url')
}

function isSame(given: string | string[] | undefined, proof: string): boolean {
  return typeof given === 'string' && given.length === proof.length && timingSafeEqual(Buffer.from(given), Buffer.from(proof))
}
