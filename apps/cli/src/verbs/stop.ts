import { changeAll, lookUp, type TransitionOptions } from '../transition.ts'
import { dryRunOption, noWaitOption, reasonOption, timeoutOption, type Verb } from '../verb.ts'

export const stop: Verb<readonly [string[]], TransitionOptions> = {
  description: 'Its processes are asked to end and then made to; its data stays. `standin resume` starts it again.',
  arguments: [{ name: '<env...>', description: 'names or configIds', completes: 'environment' }],
  options: [reasonOption, noWaitOption, timeoutOption, dryRunOption],
  examples: [['standin stop alice', 'free its memory, keep its data']],
  async run(context, [refs], options) {
    await changeAll(
      context,
      await lookUp(context, refs),
      {
        verb: 'stop',
        underway: 'being stopped',
        done: 'stopped',
        isDone: ({ state, desired }) => state === 'stopped' && desired === 'stopped',
        act: (environment, how) => environment.stop(how),
        goal: ['stopped'],
      },
      options,
    )
  },
}
