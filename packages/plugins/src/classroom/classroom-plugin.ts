import { definePlugin } from '@standin/core'
import { classRoutes } from './class-routes.ts'
import { Classroom } from './classroom.ts'
import { ClassroomConfig } from './classroom-config.ts'

/** Classes: a seat for each student, up and checked before a session begins, made anew between sessions, gone at the end. */
export const classroomPlugin = definePlugin({
  id: 'classroom',
  summary: 'Has the seats of a class ready when it begins, makes them anew between sessions, and takes them away in the end',
  config: ClassroomConfig,
  setup(context, config) {
    const classroom = new Classroom(context, config)
    return {
      routes: async (app) => classRoutes(app, classroom),
      start: async () => classroom.start(),
      schedules: [{ id: 'minutely', cron: '* * * * *', run: ({ signal, print }) => classroom.round(signal, print) }],
      eventTypes: ['environment.state'],
      onEvent: async ({ environment }, { signal }) => {
        if (environment !== null) await classroom.touched(environment, signal)
      },
    }
  },
})
