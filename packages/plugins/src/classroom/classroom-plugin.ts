import type { EnvironmentState } from '@standin/client'
import { definePlugin, PagePasses } from '@standin/core'
import { classRoutes } from './class-routes.ts'
import { Classroom } from './classroom.ts'
import { ClassroomConfig } from './classroom-config.ts'
import { pageRoutes } from './page/page-routes.ts'

const settled: ReadonlySet<unknown> = new Set<EnvironmentState>(['running', 'suspended', 'stopped', 'deleted', 'failed'])

/** Classes: a seat for each student, up and checked before a session begins, made anew between sessions, gone at the end. */
export const classroomPlugin = definePlugin({
  id: 'classroom',
  summary: 'Has the seats of a class ready when it begins, makes them anew between sessions, and takes them away in the end',
  config: ClassroomConfig,
  setup(context, config) {
    const classroom = new Classroom(context, config)
    const passes = new PagePasses(context.store, context.clock, { prefix: 'page/', hint: 'They end by themselves, after 7 days at most' })
    return {
      routes: async (app) => {
        classRoutes(app, classroom, context)
        pageRoutes(app, classroom, context, passes)
      },
      start: async () => classroom.start(),
      schedules: [{ id: 'minutely', cron: '* * * * *', run: ({ signal, print }) => classroom.round(signal, print) }],
      eventTypes: ['environment.state', 'user.deactivated', 'user.deleted'],
      onEvent: async ({ environment, data }, { signal }) => {
        // Nothing is to be done for what is on its way to another state.
        if (environment !== null) return settled.has(data.to) ? classroom.touched(environment, signal) : undefined
        // Who leaves sees nothing any more.
        for (const { id, createdBy } of await passes.list()) if (createdBy === `user:${data.id}`) await passes.revoke(id)
      },
    }
  },
})
