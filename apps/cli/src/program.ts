import { StandinError } from '@standin/client/errors'
import { Command, Option } from 'commander'
import { type CatalogEntry, catalog, families, groups } from './catalog.ts'
import { createContext, type GlobalFlags, type Surroundings } from './context.ts'
import { formats } from './output.ts'
import { createPaint, type Paint } from './paint.ts'
import type { OptionSpec, Verb } from './verb.ts'

/** They work before and after the verb. */
export const globalOptions: readonly OptionSpec[] = [
  { flags: '-o, --output <format>', description: 'how data is printed', choices: formats },
  { flags: '--json', description: 'short for --output json' },
  { flags: '-q, --quiet', description: 'say nothing but warnings and errors' },
  { flags: '--no-input', description: 'never ask' },
  { flags: '--url <url>', description: 'the control plane (STANDIN_URL)' },
  { flags: '--token-file <file>', description: 'file with the token (or STANDIN_TOKEN)', completes: 'path' },
  { flags: '--home <dir>', description: "the platform's state (STANDIN_HOME)", completes: 'path' },
]

/** The command tree with names and summaries only; a verb is loaded when the words lead to it. */
export function createProgram(surroundings: Surroundings): Command {
  const program = new Command('standin')
    .description('Disposable stand-ins of production: bake a stack into a template, clone it, reach it at its URL.')
    .enablePositionalOptions()
    .exitOverride()
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => surroundings.stdout.write(text),
      writeErr: (text) => surroundings.stderr.write(text),
      // Errors are thrown and shown by main, in the form of all others.
      outputError: () => {},
      getOutHelpWidth: () => surroundings.stdout.columns || 100,
      getErrHelpWidth: () => surroundings.stderr.columns || 100,
    })
    .configureHelp({
      styleTitle: (title) => createPaint(surroundings.stdout, surroundings.env).bold(title),
      subcommandTerm: (command) => command.name(),
    })
  addGlobalOptions(program)

  for (const group of groups) {
    for (const entry of catalog) {
      if (entry.group !== group) continue
      const [first = '', second] = entry.name.split(' ')
      if (second === undefined) program.addCommand(stub(program, first, entry.group, entry.summary))
      else family(program, first).addCommand(stub(program, second, 'Verbs', entry.summary))
    }
  }
  program.helpInformation = () => rootHelp(createPaint(surroundings.stdout, surroundings.env))
  program.hook('preSubcommand', async (_, command) => prepare(command, surroundings))
  return program
}

/** The words of a command below the program: `template build`. */
function wordsOf(command: Command): string {
  const words: string[] = []
  for (let at: Command | null = command; at?.parent; at = at.parent) words.unshift(at.name())
  return words.join(' ')
}

/** Give a command what its verb says: arguments, options, help, the action. */
async function prepare(command: Command, surroundings: Surroundings): Promise<void> {
  const words = wordsOf(command)
  const entry = catalog.find((candidate) => candidate.name === words)
  if (!entry) {
    command.hook('preSubcommand', async (_, below) => prepare(below, surroundings))
    return
  }
  const verb = (await entry.load()) as unknown as Verb<readonly unknown[], object>
  describe(command, entry, verb)
  // A verb may have verbs below it: `dns`, `dns install`.
  if (command.commands.length > 0) command.hook('preSubcommand', async (_, below) => prepare(below, surroundings))
  command.action(async () => {
    const options: GlobalFlags = command.optsWithGlobals()
    // What stands before the verb counts too, unless it is said again after it.
    await verb.run(createContext(surroundings, options), command.processedArgs, command.opts())
  })
}

function describe(command: Command, entry: CatalogEntry, verb: Verb<readonly unknown[], object>): void {
  command.description([`${entry.summary}.`, verb.description?.replaceAll('\n', ' ')].filter(Boolean).join('\n\n'))
  for (const argument of verb.arguments ?? []) command.argument(argument.name, argument.description)
  for (const option of verb.options ?? []) command.addOption(toOption(option))
  addGlobalOptions(command)
  const examples = verb.examples.map(([line, meaning]) => `  $ ${line}\n      ${meaning}`).join('\n')
  command.addHelpText('after', `\nExamples:\n${examples}`)
}

function addGlobalOptions(command: Command): void {
  for (const option of globalOptions) command.addOption(toOption(option).helpGroup('Global options:'))
  command.helpOption(false)
  command.addHelpOption(new Option('-h, --help', 'explain').helpGroup('Global options:'))
}

function stub(program: Command, name: string, group: string, summary: string): Command {
  return new Command(name).copyInheritedSettings(program).summary(summary).helpGroup(`${group}:`).helpCommand(false)
}

function family(program: Command, name: string): Command {
  const known = program.commands.find((command) => command.name() === name)
  if (known) return known
  const { group, summary } = families[name] ?? { group: 'Platform', summary: '' }
  const command = stub(program, name, group, summary).description(`${summary}.`).enablePositionalOptions()
  addGlobalOptions(command)
  program.addCommand(command)
  return command
}

function toOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description)
  if (spec.choices) option.choices(spec.choices)
  if (spec.default !== undefined) option.default(spec.default)
  // Commander does this by itself, but for options that are there before it parses.
  else if (option.negate) option.default(true)
  if (spec.required) option.makeOptionMandatory()
  const parse = spec.parse
  if (parse || spec.repeat) {
    option.argParser((text: string, previous: unknown) => {
      const value = parse ? parseNamed(option, parse, text) : text
      return spec.repeat ? [...(Array.isArray(previous) ? previous : []), value] : value
    })
  }
  return option
}

/** A bad value is told with the option that it was given to. */
function parseNamed(option: Option, parse: (text: string) => unknown, text: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof StandinError)) throw error
    throw new StandinError(error.code, `${option.long}: ${error.message}`, { ...(error.hint ? { hint: error.hint } : {}), cause: error })
  }
}

/** The verbs come first: they are what one looks for. */
function rootHelp(paint: Paint): string {
  const lines = [
    'Usage: standin <verb> [options]',
    '',
    'Disposable stand-ins of production: bake a stack into a template, clone it, reach it at its URL.',
  ]
  const seen = new Set<string>()
  for (const group of groups) {
    lines.push('', paint.bold(`${group}:`))
    for (const { name, group: its, summary } of catalog) {
      const first = name.split(' ')[0] ?? name
      if (its !== group || seen.has(first)) continue
      seen.add(first)
      lines.push(`  ${first.padEnd(11)} ${families[first]?.summary ?? summary}`)
    }
  }
  lines.push('', paint.bold('Global options:'), ...globalOptions.map(({ flags, description }) => `  ${flags.padEnd(22)} ${description}`))
  lines.push(
    '',
    paint.bold('Begin:'),
    '  $ standin start                             run the platform on this machine',
    '  $ standin template build examples/shop      bake a template',
    '  $ standin up shop                           clone it',
    '',
    '`standin <verb> --help` explains a verb, with examples; `standin completion` completes words.',
    'Guide: docs/guide/cli.md. Exit codes: docs/reference/exit-codes.md.',
    '',
  )
  return lines.join('\n')
}
