import { StandinError } from '@standin/client/errors'
import { nameOf } from '../environment-text.ts'
import { formatFault } from '../fault-text.ts'
import { lookUp } from '../transition.ts'
import { dryRunOption, type Verb } from '../verb.ts'

interface Options {
  readonly all?: boolean
  readonly dryRun?: boolean
}

export const faultRemove: Verb<readonly [string, string[]], Options> = {
  arguments: [
    { name: '<env>', description: 'name or configId', completes: 'environment' },
    { name: '[id...]', description: 'as `standin fault list` shows them', completes: 'fault' },
  ],
  options: [{ flags: '--all', description: 'every one of the environment' }, dryRunOption],
  examples: [
    ['standin fault remove 1001 f3', 'this one'],
    ['standin fault remove 1001 --all', 'all is well again'],
  ],
  async run(context, [ref, ids], { all, dryRun }) {
    const { messages, output, signal } = context
    if ((all === true) === ids.length > 0) {
      throw new StandinError('invalid', 'Say which faults to remove, or --all.', {
        hint: `\`standin fault list ${ref}\` shows those there are.`,
      })
    }
    const [environment] = await lookUp(context, [ref])
    if (!environment) return
    const client = await context.connect()
    const known = await client.faults.list(environment.id, { signal })
    const unknown = ids.find((id) => !known.some((fault) => fault.id === id))
    if (unknown !== undefined) {
      throw new StandinError('fault_not_found', `${nameOf(environment)} has no fault ${unknown}.`, {
        hint: `It may be over. \`standin fault list ${ref}\` shows those in force.`,
      })
    }
    const chosen = all ? known : known.filter(({ id }) => ids.includes(id))
    const words = chosen.map((fault) => `${fault.id} (${fault.service}: ${formatFault(fault)})`).join(', ')
    if (dryRun) {
      messages.info(chosen.length === 0 ? 'There is none to remove.' : `Would remove ${words}.`)
      return
    }
    if (all) await client.faults.deleteAll(environment.id, { signal })
    else for (const { id } of chosen) await client.faults.delete(environment.id, id, { signal })
    messages.info(chosen.length === 0 ? `${nameOf(environment)} has no faults.` : `Removed ${words}.`)
    if (output.format !== 'table') await output.one(chosen, () => '')
  },
}
