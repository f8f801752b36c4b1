import { follow, parseMost } from '../identity-question.ts'
import { oneLine } from '../one-line.ts'
import type { Verb } from '../verb.ts'

interface Options {
  readonly most?: number | string
}

export const identityPlan: Verb<readonly [string], Options> = {
  description:
    'Reads the directory and compares it with users and groups, now; changes nothing. `+` and `-` are who comes and who goes, `~` what\n' +
    'changes, `!` what is wrong and stays as it is.',
  arguments: [{ name: '<source>', description: 'its id', completes: 'source' }],
  options: [{ flags: '--most <count>', description: 'how many may go, 20 or 5%; default: as it is configured', parse: parseMost }],
  examples: [
    ['standin identity plan corp', 'what following the directory would change'],
    ['standin identity plan corp --json | jq -r \'.lines[] | select(startswith("-"))\'', 'who would go'],
  ],
  async run(context, [source], { most }) {
    const plan = await follow(context, source, 'plan', most)
    await context.output.one(plan, () => plan.lines.map(oneLine).join('\n'))
  },
}
