import { suspendLabels } from '@standin/client/suspend-labels'
import { changeLabels } from '../change-labels.ts'
import { dryRunOption, type Verb } from '../verb.ts'

export const unpin: Verb<readonly [string[]], { dryRun?: boolean }> = {
  description:
    'Ends a pin and an extension. `standin why` tells what comes next: a night that this put off by less than six hours comes at once.',
  arguments: [{ name: '<env...>', description: 'names or configIds', completes: 'environment' }],
  options: [dryRunOption],
  examples: [['standin unpin alice', 'the rules decide about it again']],
  async run(context, [refs], options) {
    const labels = { [suspendLabels.pin]: null, [suspendLabels.awakeUntil]: null }
    await changeLabels(context, refs, () => ({ labels, done: 'left to the rules of the plugin suspend' }), options)
  },
}
