import { changeAll, lookUp, type TransitionOptions } from '../transition.ts'
import { dryRunOption, noWaitOption, reasonOption, timeoutOption, type Verb } from '../verb.ts'

export const undelete: Verb<readonly [string[]], TransitionOptions> = {
  description: 'Its data is as it was, and it becomes again what it was wanted to be. `standin list --deleted` shows the trash.',
  arguments: [{ name: '<env...>', description: 'names or configIds', completes: 'environment' }],
  options: [reasonOption, noWaitOption, timeoutOption, dryRunOption],
  examples: [
    ['standin undelete 1001', 'bring it back'],
    ['standin list --deleted', 'what can be brought back, and until when'],
  ],
  async run(context, [refs], options) {
    await changeAll(
      context,
      await lookUp(context, refs),
      {
        verb: 'undelete',
        done: 'back',
        isDone: ({ state, desired }) => state !== 'deleted' && state !== 'deleting' && desired !== 'deleted',
        act: (environment, how) => environment.undelete(how),
        goal: ['running', 'suspended', 'stopped'],
      },
      options,
    )
  },
}
