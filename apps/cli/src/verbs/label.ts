import { StandinError } from '@standin/client/errors'
import { changeLabels } from '../change-labels.ts'
import { collectPairs, dryRunOption, parsePair, type Verb } from '../verb.ts'

export const label: Verb<readonly [string, string[]], { remove?: string[]; dryRun?: boolean }> = {
  description:
    'The labels that are not named stay. Some mean something: `project` says who may see it, what plugins read of them is in their guides\n' +
    '(shutdown_time, shutdown_delay and delete_environment for the plugin suspend).',
  arguments: [
    { name: '<env>', description: 'name or configId', completes: 'environment' },
    { name: '[key=value...]', description: 'what to set' },
  ],
  options: [{ flags: '--remove <key>', description: 'take this label away; may be repeated', repeat: true }, dryRunOption],
  examples: [
    ['standin label alice ticket=4711', 'set one'],
    ['standin label alice shutdown_time=-', 'no night suspends it'],
    ['standin label alice --remove shutdown_time', 'the rules of all are its rules again'],
  ],
  async run(context, [ref, pairs], { remove = [], ...options }) {
    const set = collectPairs(pairs.map(parsePair))
    const both = remove.find((key) => Object.hasOwn(set, key))
    if (both !== undefined) throw new StandinError('invalid', `Label ${both} is to be set and taken away at once.`)
    if (pairs.length + remove.length === 0) {
      throw new StandinError('invalid', 'No label is named.', {
        hint: '`standin label ENV key=value` sets one, `--remove key` takes one away',
      })
    }
    const done = [...Object.entries(set).map(([key, value]) => `labelled ${key}=${value}`), ...remove.map((key) => `without label ${key}`)]
    const labels = { ...set, ...Object.fromEntries(remove.map((key) => [key, null])) }
    await changeLabels(context, [ref], () => ({ labels, done: done.join(', ') }), options)
  },
}
