import { faultColumns } from '../fault-text.ts'
import { allPages } from '../pages.ts'
import type { Verb } from '../verb.ts'

export const faultList: Verb<readonly [string | undefined]> = {
  description: 'Those in force; what is over is not shown.',
  arguments: [{ name: '[env]', description: 'name or configId; default: of all', completes: 'environment' }],
  examples: [
    ['standin fault list', 'everywhere'],
    ['standin fault list 1001', 'in one environment'],
  ],
  async run(context, [ref]) {
    const { messages, output, signal } = context
    const client = await context.connect()
    const faults =
      ref === undefined
        ? await allPages((cursor) => client.faults.listAll({ limit: 1000, cursor }, { signal }))
        : await client.faults.list(ref, { signal })
    if (faults.length === 0 && output.format === 'table') {
      messages.info(`No fault is injected${ref === undefined ? '' : ` into ${ref}`}.`)
      return
    }
    await output.list(faults, faultColumns(Date.now()))
  },
}
