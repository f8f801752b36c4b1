import type { PluginContext, PluginHooks } from '@standin/core'
import Type from 'typebox'
import { maySee, refuseReset, refuseStranger } from './class-access.ts'
import { answerOf, summaryOf } from './class-view.ts'
import type { Classroom } from './classroom.ts'

export type App = Parameters<NonNullable<PluginHooks['routes']>>[0]

/** Of a question that somebody waits for, ms. */
const answerMs = 30_000

const SeatParams = Type.Object({ name: Type.String({ maxLength: 63 }), seat: Type.Integer({ minimum: 1, maximum: 500 }) })

/** What there is for who has a token. */
export function classRoutes(app: App, classroom: Classroom, context: PluginContext): void {
  const named = { permission: { rule: 'named', role: 'viewer', note: 'in the project of the class; its instructors' } } as const

  app.get('/classes', { config: named }, async ({ pluginCaller }) => ({
    items: classroom.classes.filter(({ config }) => maySee(pluginCaller, config)).map(summaryOf),
  }))

  app.get<{ Params: { name: string } }>('/classes/:name', { config: named }, async ({ params: { name }, pluginCaller }) => {
    const keeper = classroom.class(name)
    refuseStranger(pluginCaller, keeper.config)
    return answerOf(keeper, context, AbortSignal.timeout(answerMs))
  })

  app.post<{ Params: { name: string; seat: number } }>(
    '/classes/:name/seats/:seat/reset',
    { config: named, schema: { params: SeatParams } },
    async ({ params: { name, seat }, pluginCaller }, reply) => {
      const keeper = classroom.class(name)
      refuseReset(pluginCaller, keeper.config)
      await classroom.reset(keeper, seat, pluginCaller?.actor ?? '', AbortSignal.timeout(answerMs))
      return reply.code(202).send({ class: name, seat })
    },
  )
}
