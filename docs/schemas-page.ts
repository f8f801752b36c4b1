import { readSchemaFiles } from './schema-sources.ts'
import { SchemaWords } from './schema-words.ts'

const titles: Readonly<Record<string, string>> = {
  aliases: 'Aliases',
  common: 'Everywhere',
  environments: 'Environments',
  events: 'Events',
  faults: 'Faults',
  policy: 'Policies, injected faults, probes',
  'routes-file': 'A routes file',
  server: 'Server, tokens, errors',
  stack: 'Stacks',
  tables: 'Routes and records',
  templates: 'Templates, channels, builds',
}

export function schemasPage(): string {
  const files = readSchemaFiles()
  const words = new SchemaWords(
    files.flatMap(({ schemas }) => schemas),
    '',
  )
  let page =
    '# Schemas\n\nWhat the [API](api.md) takes and gives: JSON, times as ISO 8601 in UTC, durations in milliseconds, sizes in bytes.\n'
  page += 'A property with `?` may be missing.\n'
  for (const { topic, schemas } of files) {
    page += `\n## ${titles[topic] ?? topic}\n`
    for (const { name, schema, comment, fields } of schemas) {
      page += `\n### ${name}\n\n`
      const about = comment || (schema as { description?: string }).description || ''
      if (about !== '') page += `${about}\n\n`
      const table = words.properties(schema, fields)
      page += table === '' ? `Type: ${new SchemaWords([], '').type(schema)}\n` : table
    }
  }
  return page
}
