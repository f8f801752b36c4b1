import { suspendLabels } from '@standin/client/suspend-labels'
import { changeLabels } from '../change-labels.ts'
import { parseSpan } from '../duration.ts'
import { formatInstant } from '../environment-text.ts'
import { dryRunOption, type Verb } from '../verb.ts'

const yearMs = 365 * 24 * 3_600_000
/** What is to stay for longer is to be pinned. */
const parse = parseSpan(60_000, 10 * yearMs)

export const extend: Verb<readonly [string, string], { dryRun?: boolean }> = {
  description:
    'For so long from now on the plugin suspend neither suspends nor deletes it. A longer extension that it has already stays. It is kept in\n' +
    'the label suspend.awake-until; `standin unpin` ends it.',
  arguments: [
    { name: '<env>', description: 'name or configId', completes: 'environment' },
    { name: '<duration>', description: '30m, 4h, 7d' },
  ],
  options: [dryRunOption],
  examples: [
    ['standin extend alice 4h', 'the evening is left out'],
    ['standin extend 1001 7d', 'it is kept for a week, even where it is old'],
  ],
  async run(context, [ref, duration], options) {
    const wanted = Date.now() + parse(duration)
    await changeLabels(
      context,
      [ref],
      ({ labels }) => {
        const before = Date.parse(labels[suspendLabels.awakeUntil] ?? '')
        const until = Number.isNaN(before) ? wanted : Math.max(before, wanted)
        return {
          labels: { [suspendLabels.awakeUntil]: new Date(until).toISOString() },
          done: `left alone by the plugin suspend until ${formatInstant(until)}`,
        }
      },
      options,
    )
  },
}
