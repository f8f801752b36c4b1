import { dryRunOption, type Verb } from '../verb.ts'

export const aliasRemove: Verb<readonly [string[]], { dryRun?: boolean }> = {
  description: 'The environment stays as it is, with its own names.',
  arguments: [{ name: '<host...>', description: 'demo, or a full name', completes: 'alias' }],
  options: [dryRunOption],
  examples: [['standin alias remove demo', 'nothing answers at demo.test-envs.localhost any more']],
  async run(context, [hosts], { dryRun }) {
    const { messages, output, signal } = context
    const client = await context.connect()
    // A name that is wrong is found before anything was changed.
    const aliases = await Promise.all(hosts.map((host) => client.aliases.get(host, { signal })))
    for (const { host, environment } of aliases) {
      if (dryRun) {
        messages.info(`Would remove ${host}, which leads to ${environment}.`)
        continue
      }
      await client.aliases.delete(host, { signal })
      messages.info(`${host} leads nowhere now.`)
    }
    if (output.format !== 'table' && !dryRun) await output.one(aliases, () => '')
  },
}
