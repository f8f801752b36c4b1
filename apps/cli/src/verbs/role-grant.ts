import type { Role } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { holderText, placeText } from '../role-text.ts'
import type { OptionSpec, Verb } from '../verb.ts'

/** From least to most, as the API has them; a test compares the two. */
export const roleNames = ['viewer', 'participant', 'editor', 'manager'] as const satisfies readonly Role[]

export interface PlaceOptions {
  readonly project?: string
  readonly everywhere?: boolean
  readonly group?: boolean
}

export const placeOptions: readonly OptionSpec[] = [
  { flags: '--project <project>', description: 'where: the label `project` of environments and templates' },
  { flags: '--everywhere', description: 'in all projects; a manager everywhere also makes users and tokens' },
  { flags: '--group', description: 'WHO is a group' },
]

/** Null: everywhere. */
export function placeOf({ project, everywhere }: PlaceOptions): string | null {
  if ((project === undefined) === (everywhere !== true)) {
    throw new StandinError('invalid', 'Say where: --project NAME, or --everywhere.')
  }
  return project ?? null
}

export const roleGrant: Verb<readonly [string, string], PlaceOptions> = {
  description:
    'viewer sees; participant uses: wakes, starts, stops, extends, pins; editor creates, changes, deletes, runs commands; manager gives\n' +
    'roles. Each may what those before it may. In the place of the role that they have there, if any.',
  arguments: [
    { name: '<who>', description: 'a user, or with --group a group' },
    { name: '<role>', description: roleNames.join(', ') },
  ],
  options: placeOptions,
  examples: [
    ['standin role grant alice editor --project checkout', 'alice may change what is in checkout'],
    ['standin role grant testers viewer --group --everywhere', 'the group testers sees all projects'],
  ],
  async run(context, [who, role], options) {
    const { messages, output, signal } = context
    const project = placeOf(options)
    const known = roleNames.find((each) => each === role)
    if (known === undefined) throw new StandinError('invalid', `'${role}' is no role: there are ${roleNames.join(', ')}.`)
    const client = await context.connect()
    const holder = options.group === true ? { group: who } : { user: who }
    const binding = await client.roles.grant({ project, role: known, ...holder }, { signal }).catch((error) => {
      if (!(error instanceof StandinError && error.code === 'user_not_found')) throw error
      throw new StandinError(error.code, error.message, { hint: `${error.hint}; for a group say --group`, cause: error })
    })
    messages.info(`${holderText(binding)} is ${binding.role} ${placeText(binding)}.`)
    await output.one(binding, () => binding.id)
  },
}
