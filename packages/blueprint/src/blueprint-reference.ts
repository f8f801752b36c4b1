import { type KeyRule, profile } from './profile.ts'
import type { JsonSchema } from './validate-located.ts'
import { XStandin } from './x-standin-schema.ts'

const parts: Readonly<Record<keyof typeof profile, string>> = {
  blueprint: 'The file',
  service: 'A service: `services.<host>`',
  build: '`build`',
  deploy: '`deploy`',
  'deploy.resources': '`deploy.resources`',
  'deploy.resources.limits': '`deploy.resources.limits`',
  'deploy.restart_policy': '`deploy.restart_policy`',
  healthcheck: '`healthcheck`',
  'depends_on.*': 'A dependency: `depends_on.<host>`',
  'ports.*': 'A port in long form',
  'volumes.*': 'A volume of a service in long form',
  'service.secrets.*': 'A secret of a service in long form',
  'env_file.*': 'An `env_file` in long form',
  extends: '`extends`',
  volume: 'A named volume: `volumes.<name>`',
  secret: 'A secret: `secrets.<name>`',
}

const supports = { supported: 'yes', ignored: 'ignored with a warning', refused: 'refused' } as const

/** The reference page of blueprints, Markdown, made from the profile table and the `x-standin` schema that the parser reads. */
export function blueprintReference(): string {
  const lines = [
    '# The blueprint',
    '',
    'A blueprint is a Compose file (`compose.yaml`) with an `x-standin` block. These are the parts of the',
    '[Compose specification](https://github.com/compose-spec/compose-spec) that it may use. Keys that are not listed are faults;',
    'keys that start with `x-` are ignored, but for those listed. How to write one: [the guide](../guide/blueprints.md).',
    '',
    '## `x-standin`',
    '',
    'A duration has a unit: `500ms`, `90s`, `1m30s`, `2h`, `7d`.',
    '',
  ]
  lines.push('| key | type | needed | what it is |', '|---|---|---|---|', ...schemaRows(XStandin as JsonSchema, 'x-standin'), '')
  lines.push('## Compose', '')
  for (const [part, rules] of Object.entries(profile)) {
    lines.push(`### ${parts[part as keyof typeof profile]}`, '', '| key | supported | |', '|---|---|---|')
    for (const [key, rule] of Object.entries<KeyRule>(rules)) lines.push(`| \`${key}\` | ${supports[rule.support]} | ${cell(rule.note)} |`)
    lines.push('')
  }
  return lines.join('\n')
}

function schemaRows(schema: JsonSchema, path: string): string[] {
  const rows: string[] = []
  const visit = (key: string, child: JsonSchema, needed: boolean): void => {
    rows.push(`| \`${key}\` | ${typeName(child)} | ${needed ? 'yes' : ''} | ${cell(child.description ?? '')} |`)
    if (child.sameAs === undefined) rows.push(...schemaRows(child, key))
  }
  for (const [key, child] of Object.entries(schema.properties ?? {}))
    visit(`${path}.${key}`, child, schema.required?.includes(key) === true)
  for (const branch of [
    ...(schema.anyOf ?? []),
    ...Object.values(schema.patternProperties ?? {}),
    ...(schema.items === undefined ? [] : [schema.items]),
  ]) {
    const below = schema.items === branch ? `${path}[]` : schema.anyOf?.includes(branch) ? path : `${path}.*`
    rows.push(...schemaRows(branch, below))
  }
  return [...new Set(rows)]
}

function typeName(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeName).join(' or ')
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(' or ')
  if (schema.format !== undefined) return schema.format
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'anything' : typeName(schema.items)}`
  if (schema.type === 'object') return 'mapping'
  return schema.type ?? 'anything'
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
