import { confirm } from '../confirm.ts'
import { follow, parseMost } from '../identity-question.ts'
import { oneLine } from '../one-line.ts'
import { type Verb, yesOption } from '../verb.ts'

interface Options {
  readonly most?: number | string
  readonly yes?: boolean
}

export const identityRun: Verb<readonly [string], Options> = {
  description:
    'What its schedule does, now: reads the directory, shows the plan, asks, reads it again and does what is to be done then.\n' +
    'Where more would go than may, nobody does: --most lets more go this once.',
  arguments: [{ name: '<source>', description: 'its id', completes: 'source' }],
  options: [
    { flags: '--most <count>', description: 'how many may go, 20 or 5%; default: as it is configured', parse: parseMost },
    yesOption,
  ],
  examples: [
    ['standin identity run corp', 'do not wait for the next hour'],
    ['standin identity run corp --most 40', 'a department left, and the plan is right'],
  ],
  async run(context, [source], { most, yes }) {
    if (!yes) await confirm(context, (await follow(context, source, 'plan', most)).lines.map(oneLine), `Follow ${source}?`, yes)
    const run = await follow(context, source, 'run', most)
    await context.output.one(run, () => run.lines.map(oneLine).join('\n'))
  },
}
