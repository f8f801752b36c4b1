import { suspendLabels } from '@standin/client/suspend-labels'
import { changeLabels } from '../change-labels.ts'
import { dryRunOption, type Verb } from '../verb.ts'

export const pin: Verb<readonly [string[]], { reason?: string; dryRun?: boolean }> = {
  description: 'The plugin suspend neither suspends nor deletes it until it is unpinned. It is kept in the label suspend.pin.',
  arguments: [{ name: '<env...>', description: 'names or configIds', completes: 'environment' }],
  options: [{ flags: '--reason <text>', description: 'why; `standin why` shows it' }, dryRunOption],
  examples: [
    ['standin pin alice', 'it stays as it is'],
    ['standin pin alice --reason "demo on Friday"', 'and who wonders can read why'],
  ],
  async run(context, [refs], options) {
    const labels = { [suspendLabels.pin]: (options.reason ?? '').slice(0, 1024) }
    await changeLabels(context, refs, () => ({ labels, done: 'pinned' }), options)
  },
}
