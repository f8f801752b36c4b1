import { confirm } from '../confirm.ts'
import { formatSize } from '../duration.ts'
import { dryRunOption, type Verb, yesOption } from '../verb.ts'

export const templateDelete: Verb<readonly [string], { yes?: boolean; dryRun?: boolean }> = {
  description: 'Asks first: this can not be undone. A version that an environment was cloned from stays until that is gone.',
  arguments: [{ name: '<template>', description: 'shop@7 or shop:stable', completes: 'template' }],
  options: [yesOption, dryRunOption],
  examples: [['standin template delete shop@7', 'one version']],
  async run(context, [ref], { yes, dryRun }) {
    const client = await context.connect()
    const template = await client.templates.get(ref, { signal: context.signal })
    const channels = template.channels.length === 0 ? '' : `, channels ${template.channels.join(', ')}`
    const what = `${template.ref}, ${formatSize(template.sizeBytes)}, build ${template.provenance.build}${channels}`
    if (dryRun) {
      context.messages.info(`Would delete ${what}.`)
      return
    }
    await confirm(context, [`  ${what}`, 'Nothing brings it back but another build.'], 'Delete this version?', yes)
    await client.templates.delete(template.ref, { signal: context.signal })
    context.messages.info(`${template.ref} is deleted.`)
    if (context.output.format !== 'table') await context.output.one(template, () => '')
  },
}
