import { awaitRunning } from '../arrival.ts'
import { createProgress } from '../progress.ts'
import { changeAll, defaultTimeoutMs, lookUp, type TransitionOptions } from '../transition.ts'
import { dryRunOption, noWaitOption, reasonOption, timeoutOption, type Verb } from '../verb.ts'

export const resume: Verb<readonly [string[]], TransitionOptions> = {
  description: 'Whatever state it is in, it runs afterwards: what is suspended is woken, what is stopped or failed is started.',
  arguments: [{ name: '<env...>', description: 'names or configIds', completes: 'environment' }],
  options: [reasonOption, noWaitOption, timeoutOption, dryRunOption],
  examples: [
    ['standin resume alice', 'wake it before the first request does'],
    ['standin resume alice bob --no-wait', 'begin, and do not wait'],
  ],
  async run(context, [refs], options) {
    const progress = createProgress(context.messages, context.env)
    const before = new Map<number, number>()
    try {
      await changeAll(
        context,
        await lookUp(context, refs),
        {
          verb: 'resume',
          underway: 'being resumed',
          done: 'running',
          isDone: ({ state, desired }) => state === 'running' && desired === 'running',
          act: (environment, how) => {
            before.set(environment.id, environment.revision)
            // `resume` needs less of a token than `start`.
            return environment.isSuspended() ? environment.resume(how) : environment.start(how)
          },
          waitFor: (client, environment, { timeout }) =>
            awaitRunning(
              context,
              client,
              environment,
              before.get(environment.id) ?? environment.revision,
              progress,
              timeout ?? defaultTimeoutMs,
            ),
        },
        options,
      )
    } finally {
      progress.close()
    }
  },
}
