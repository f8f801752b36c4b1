import type { Deactivation } from '@standin/client'
import { confirm } from '../confirm.ts'
import { dryRunOption, reasonOption, type Verb, yesOption } from '../verb.ts'

interface Options {
  readonly heir?: string
  readonly reason?: string
  readonly dryRun?: boolean
  readonly yes?: boolean
}

export const userDeactivate: Verb<readonly [string], Options> = {
  description:
    'Their tokens end at once, and what they have open. Their environments go to the heir, else to the first active manager up the\n' +
    'line, else they stay and are marked: `standin list --orphaned` shows them, and naming an heir later moves them.',
  arguments: [{ name: '<user>', description: 'userName or id' }],
  options: [
    { flags: '--heir <user>', description: 'who gets their environments; default: their manager' },
    reasonOption,
    dryRunOption,
    yesOption,
  ],
  examples: [
    ['standin user deactivate alice --dry-run', 'what would happen'],
    ['standin user deactivate alice --heir bob', 'bob gets what is hers'],
  ],
  async run(context, [ref], { heir, reason, dryRun, yes }) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const body = { ...(heir === undefined ? {} : { heir }), ...(reason === undefined ? {} : { reason }) }
    const plan = await client.users.deactivate(ref, { ...body, dryRun: true }, { signal })
    const lines = describe(plan)
    if (dryRun) {
      messages.info(lines.length === 0 ? `Nothing would change: ${plan.user.userName} is inactive.` : 'Would:')
      await output.one(plan, () => lines.join('\n'))
      return
    }
    if (lines.length > 0) await confirm(context, lines, `Deactivate ${plan.user.userName}?`, yes)
    const done = await client.users.deactivate(ref, body, { signal })
    const changed = describe(done)
    messages.info(`${done.user.userName} is inactive${changed.length === 0 ? ' already' : ''}.`)
    if (changed.length > 0 || output.format !== 'table') await output.one(done, () => changed.join('\n'))
  },
}

function describe({ user, deactivates, tokens, environments }: Deactivation): string[] {
  return [
    ...(deactivates ? [`  user ${user.userName} is let in no more`] : []),
    ...tokens.map(({ id, name }) => `  token ${id} (${name}) ends`),
    ...environments.map(({ id, name, to, because, role }) => {
      if (to === null) return `  environment ${name} (${id}) stays, marked: there is nobody to give it to`
      const blind = role === null ? ', who does not see it: a manager of its project does' : ''
      return `  environment ${name} (${id}) goes to ${to.userName}, their ${because}${blind}`
    }),
  ]
}
