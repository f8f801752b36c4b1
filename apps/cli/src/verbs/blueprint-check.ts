import { findBlueprint, fromHere, placed } from '../blueprint-place.ts'
import { formatFault } from '../messages.ts'
import { formatPublished } from '../published.ts'
import { formatPairs } from '../table.ts'
import type { Verb } from '../verb.ts'

export const blueprintCheck: Verb<readonly [string | undefined]> = {
  description: 'Tells every fault at once, with file, line and column, and what will be ignored. Needs no platform.',
  arguments: [{ name: '[path]', description: "the blueprint's folder or its Compose file (default: here)", completes: 'path' }],
  examples: [
    ['standin blueprint check examples/shop', 'before it is built'],
    ["standin blueprint check --json | jq '.stack.hosts'", 'what Standin makes of it'],
  ],
  async run(context, [path = '.']) {
    const { messages, output } = context
    const { dir, file } = await findBlueprint(path)
    const { packBlueprint } = await import('@standin/blueprint')
    try {
      // Packing looks at everything that would be sent, too.
      const packed = await packBlueprint({ dir, environment: context.env, ...(file === undefined ? {} : { file }) })
      packed.stream.destroy()
      const { stack, paths } = packed
      const warnings = fromHere(dir, packed.warnings)
      for (const warning of warnings) messages.warn(formatFault(warning))
      await output.one({ stack, warnings, file: packed.file, paths }, () =>
        formatPairs(
          [
            ['blueprint', `${packed.file} of ${stack.name} is valid${warnings.length === 0 ? '' : `, with ${warnings.length} warnings`}`],
            ['hosts', stack.hosts.map(({ name, replicas }) => (replicas === 1 ? name : `${name} ×${replicas}`)).join(', ')],
            ['services', formatPublished(stack) || 'none'],
            ['volumes', stack.volumes.join(', ') || 'none'],
            ['sends', `${paths.length} files and folders`],
          ],
          output.paint.dim,
        ),
      )
    } catch (error) {
      throw placed(dir, error)
    }
  },
}
