import type { Template } from '@standin/client'
import { formatElapsed, formatSize } from '../duration.ts'
import { formatInstant } from '../environment-text.ts'
import type { Paint } from '../paint.ts'
import { formatPublished } from '../published.ts'
import { formatPairs, formatTable } from '../table.ts'
import type { Verb } from '../verb.ts'

export const templateShow: Verb<readonly [string]> = {
  description: 'Its hosts and services, and its provenance: blueprint, inputs, phases, fixtures, the report of its checks.',
  arguments: [{ name: '<template>', description: 'shop, shop@7 or shop:stable', completes: 'template' }],
  examples: [
    ['standin template show shop:stable', 'what is behind a channel'],
    ["standin template show shop --json | jq '.provenance.checks'", 'the check report'],
  ],
  async run(context, [ref]) {
    const client = await context.connect()
    const template = await client.templates.get(ref, { signal: context.signal })
    await context.output.one(template, () => format(template, context.output.paint))
  },
}

function format(template: Template, paint: Paint): string {
  const { provenance, stack } = template
  const pairs = formatPairs(
    [
      ['template', paint.bold(template.ref)],
      ['channels', template.channels.join(', ') || '-'],
      ['provider', template.provider],
      ['size', formatSize(template.sizeBytes)],
      ['made', `${formatInstant(template.createdAt)}, build ${provenance.build} by ${provenance.actor}`],
      ['blueprint', `sha256 ${provenance.blueprintHash}`],
      ['inputs', `${provenance.inputs.files} files, ${formatSize(provenance.inputs.bytes)}, sha256 ${provenance.inputs.hash}`],
      ['phases', provenance.phases.map(({ name, durationMs }) => `${name} ${formatElapsed(durationMs)}`).join(', ')],
      ['fixtures', provenance.fixtures.map(({ name, rows }) => `${name} ${rows} rows`).join(', ') || '-'],
      ['services', formatPublished(stack) || '-'],
      ['volumes', stack.volumes.join(', ') || '-'],
      ['launch', stack.launch.map(({ name, host }) => `${name} (${host})`).join(', ') || '-'],
    ],
    paint.dim,
  )
  const hosts = formatTable(
    [
      { title: 'HOST', value: ({ name }) => name },
      { title: 'INSTANCES', value: ({ replicas }) => String(replicas), align: 'right' },
      { title: 'PORTS', value: ({ ports }) => ports.join(', ') || '-' },
      { title: 'NEEDS', value: ({ dependsOn }) => dependsOn.map(({ host }) => host).join(', ') || '-' },
      { title: 'COMMAND', value: ({ command }) => (typeof command === 'string' ? command : command.join(' ')) },
    ],
    stack.hosts,
    paint.dim,
  )
  return [pairs, hosts, formatChecks(template, paint)].filter(Boolean).join('\n\n')
}

/** The check report that is kept with a template; '' where it has no checks. */
export function formatChecks({ provenance }: Template, paint: Paint): string {
  if (provenance.checks.length === 0) return ''
  return formatTable(
    [
      { title: 'CHECK', value: ({ name }) => name },
      { title: 'RESULT', value: ({ ok }) => (ok ? paint.green('ok') : paint.red('failed')) },
      { title: 'TOOK', value: ({ durationMs }) => formatElapsed(durationMs), align: 'right' },
      { title: 'SAID', value: ({ output }) => output.trim().split('\n').at(-1) ?? '' },
    ],
    provenance.checks,
    paint.dim,
  )
}
