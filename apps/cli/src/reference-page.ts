import { catalog, groups } from './catalog.ts'
import { globalOptions } from './program.ts'
import type { OptionSpec, Verb } from './verb.ts'

/** docs/reference/cli.md, made from the verbs themselves; a test compares the two. */
export async function referencePage(): Promise<string> {
  const parts = [
    '<!-- Made from apps/cli/src/verbs; `pnpm vitest run apps/cli -u` makes it anew. -->',
    '# The verbs of `standin`',
    'They all take the global options, before the verb or after it. What they end with: [exit codes](exit-codes.md).',
    optionTable(globalOptions),
  ]
  for (const group of groups) {
    parts.push(`## ${group}`)
    for (const entry of catalog.filter((each) => each.group === group)) {
      const verb = (await entry.load()) as unknown as Verb
      const words = (verb.arguments ?? []).map(({ name }) => name).join(' ')
      parts.push(`### standin ${entry.name}`, [`${entry.summary}.`, verb.description?.replaceAll('\n', ' ')].filter(Boolean).join(' '))
      parts.push(`\`standin ${[entry.name, words].filter(Boolean).join(' ')}\``)
      if (verb.arguments)
        parts.push(
          table(
            ['argument', ''],
            verb.arguments.map(({ name, description }) => [code(name), description]),
          ),
        )
      if (verb.options) parts.push(optionTable(verb.options))
      parts.push(['```', ...verb.examples.map(([line, meaning]) => `${line}    # ${meaning}`), '```'].join('\n'))
    }
  }
  return `${parts.join('\n\n')}\n`
}

function optionTable(options: readonly OptionSpec[]): string {
  return table(
    ['option', ''],
    options.map(({ flags, description, choices, default: standard }) => [
      code(flags),
      [description, choices && `One of ${choices.map(code).join(', ')}.`, standard !== undefined && `Default: ${code(String(standard))}.`]
        .filter(Boolean)
        .join('. '),
    ]),
  )
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(titles), `|${titles.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

function code(text: string): string {
  return `\`${text}\``
}
