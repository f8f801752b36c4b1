import type { PluginHooks } from '@standin/core'
import type { Classroom } from './classroom.ts'

type App = Parameters<NonNullable<PluginHooks['routes']>>[0]

export function classRoutes(app: App, classroom: Classroom): void {
  app.post<{ Params: { name: string; seat: string } }>('/classes/:name/seats/:seat/reset', async ({ params, pluginCaller }, reply) => {
    const keeper = classroom.class(params.name)
    await classroom.reset(keeper, Number(params.seat), pluginCaller?.actor ?? '', AbortSignal.timeout(30_000))
    return reply.code(202).send({})
  })
}
