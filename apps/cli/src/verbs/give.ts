import { nameOf } from '../environment-text.ts'
import type { Verb } from '../verb.ts'

export const give: Verb<readonly [string, string]> = {
  description: 'Needs to be manager of its project; of one in no project, its owner.',
  arguments: [
    { name: '<env>', description: 'name or configId', completes: 'environment' },
    { name: '<user>', description: 'whose it becomes' },
  ],
  examples: [['standin give alice-1001 bob', 'it is bob’s from now on']],
  async run(context, [ref, owner]) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const environment = await client.environments.get(ref, { signal })
    await environment.update({ owner }, { signal })
    messages.info(`${nameOf(environment)} belongs to ${environment.owner}.`)
    if (output.format !== 'table') await output.one(environment, () => '')
  },
}
