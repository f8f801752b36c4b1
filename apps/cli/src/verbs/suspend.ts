import { changeAll, lookUp, type TransitionOptions } from '../transition.ts'
import { dryRunOption, noWaitOption, reasonOption, timeoutOption, type Verb } from '../verb.ts'

export const suspend: Verb<readonly [string[]], TransitionOptions> = {
  description: 'Its processes are frozen and take no CPU; the next request to one of its services wakes it.',
  arguments: [{ name: '<env...>', description: 'names or configIds', completes: 'environment' }],
  options: [reasonOption, noWaitOption, timeoutOption, dryRunOption],
  examples: [
    ['standin suspend alice', 'one'],
    ["standin list --state running --json | jq '.[].id' | xargs standin suspend", 'all that run'],
  ],
  async run(context, [refs], options) {
    await changeAll(
      context,
      await lookUp(context, refs),
      {
        verb: 'suspend',
        underway: 'being suspended',
        done: 'suspended',
        isDone: ({ state, desired }) => state === 'suspended' && desired === 'suspended',
        act: (environment, how) => environment.suspend(how),
        goal: ['suspended'],
      },
      options,
    )
  },
}
