import type { StandinClient } from '@standin/client/connect'
import { type CatalogEntry, catalog, families } from './catalog.ts'
import { createContext, type GlobalFlags, type Surroundings } from './context.ts'
import { formatFault } from './fault-text.ts'
import type { IdentitySource } from './identity-question.ts'
import { globalOptions } from './program.ts'
import type { Completes, OptionSpec, Verb } from './verb.ts'

/** What a word may become, and what that means. */
export interface Candidate {
  readonly value: string
  readonly description: string
}

/** Said instead of candidates where the shell completes paths itself. */
export const filesDirective = ':files'

export interface Completion {
  readonly candidates: readonly Candidate[]
  readonly files: boolean
}

/** Who knows what there is: asks the platform, in one second or not at all. */
export type Lookup = (what: Exclude<Completes, 'path' | 'shell'>, environment: string | undefined) => Promise<readonly Candidate[]>

const nothing: Completion = { candidates: [], files: false }
const timeoutMs = 1000

/** @param words what is typed after `standin`; the last one is the word to complete, maybe empty */
export async function complete(words: readonly string[], lookup: Lookup): Promise<Completion> {
  const current = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  if (before.includes('--')) return nothing
  const { rest, pending } = skipOptions(before, globalOptions)
  if (pending) return completeValue(pending, current, lookup, undefined)

  const entry = findVerb(rest)
  if (!entry) return matching(nextWords(rest), current)
  const verb = (await entry.load()) as unknown as Verb
  const options = [...(verb.options ?? []), ...globalOptions]
  const { operands, pending: open } = skipOptions(rest.slice(entry.name.split(' ').length), options, true)
  const environment = operands[environmentIndex(verb)]
  if (open) return completeValue(open, current, lookup, environment)
  if (current.startsWith('-')) return matching(optionWords(options), current)
  const specs = verb.arguments ?? []
  // A verb with verbs below it: `dns`, `dns install`.
  const below = operands.length === 0 && specs.length === 0 ? nextWords(entry.name.split(' ')) : []
  if (below.length > 0) return matching(below, current)
  const spec = specs[operands.length] ?? (specs.at(-1)?.name.includes('...') ? specs.at(-1) : undefined)
  return completeKind(spec?.completes, current, lookup, environment, spec?.description)
}

/** Which argument says what the hosts, services and faults are of. */
function environmentIndex({ arguments: specs = [] }: Verb): number {
  return specs.findIndex(({ completes }) => completes === 'environment')
}

/** The `__complete` verb of the shells' scripts: a candidate a line, its description behind a tab. */
export async function printCompletion(words: readonly string[], surroundings: Surroundings): Promise<void> {
  const context = createContext(surroundings, flagsIn(words))
  const signal = AbortSignal.timeout(timeoutMs)
  const { candidates, files } = await complete(words, async (what, environment) => {
    try {
      const client = await context.connect()
      if (what === 'template') {
        const found: Candidate[] = []
        for (const { name, ref, channels } of (await client.templates.list({ limit: 1000 }, { signal })).items) {
          found.push(
            { value: ref, description: `template ${name}` },
            ...channels.map((channel) => ({ value: `${name}:${channel}`, description: ref })),
          )
        }
        return found
      }
      if (what === 'alias') {
        const { items } = await client.aliases.list({ limit: 1000 }, { signal })
        return items.map((alias) => ({ value: alias.host, description: `${alias.service} of ${alias.environment}` }))
      }
      if (what === 'source') {
        const { items } = await client.plugins.ask<{ items: IdentitySource[] }>('identity', '/sources', { signal })
        return items.map(({ id, kind }) => ({ value: id, description: kind }))
      }
      if (what !== 'environment') return environment === undefined ? [] : await within(client, environment, what, signal)
      const page = await client.environments.list({ limit: 1000 }, { signal })
      return page.items.map(({ name, id, state }) => ({ value: name, description: `${id} ${state}` }))
    } catch {
      // Somebody is typing: no platform, no candidates.
      return []
    }
  })
  const lines = candidates.map(({ value, description }) => `${value}\t${description}\n`)
  surroundings.stdout.write([...lines, ...(files ? [`${filesDirective}\n`] : [])].join(''))
}

/** What an environment has. */
async function within(
  client: StandinClient,
  environment: string,
  what: 'host' | 'service' | 'fault',
  signal: AbortSignal,
): Promise<Candidate[]> {
  if (what === 'fault') {
    const faults = await client.faults.list(environment, { signal })
    return faults.map((fault) => ({ value: fault.id, description: `${fault.service}: ${formatFault(fault)}` }))
  }
  const { hosts, services } = await client.environments.get(environment, { signal })
  return (what === 'host' ? hosts : services).map(({ name }) => ({ value: name, description: what }))
}

function nextWords(path: readonly string[]): Candidate[] {
  const prefix = path.length === 0 ? '' : `${path.join(' ')} `
  const seen = new Map<string, string>()
  for (const { name, summary } of catalog) {
    if (!name.startsWith(prefix)) continue
    const word = name.slice(prefix.length).split(' ')[0] ?? ''
    if (!seen.has(word)) seen.set(word, name === prefix + word ? summary : (families[word]?.summary ?? ''))
  }
  return [...seen].map(([value, description]) => ({ value, description }))
}

function findVerb(words: readonly string[]): CatalogEntry | undefined {
  const found = catalog.filter(({ name }) => name.split(' ').every((word, index) => words[index] === word))
  return found.sort((one, other) => other.name.length - one.name.length)[0]
}

/** What is left without options; `pending` is an option whose value is still to come. */
function skipOptions(words: readonly string[], options: readonly OptionSpec[], everywhere = false) {
  const operands: string[] = []
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    if (!word.startsWith('-')) {
      operands.push(word)
      if (!everywhere) return { operands, rest: words.slice(index), pending: undefined }
      continue
    }
    const option = options.find(({ flags }) => flags.split(/[ ,]+/).includes(word))
    if (!option || !/[<[]/.test(option.flags)) continue
    if (index === words.length - 1) return { operands, rest: [], pending: option }
    index += 1
  }
  return { operands, rest: [] as readonly string[], pending: undefined }
}

function completeValue(option: OptionSpec, current: string, lookup: Lookup, environment: string | undefined) {
  if (option.choices)
    return matching(
      option.choices.map((value) => ({ value, description: option.description })),
      current,
    )
  return completeKind(option.completes, current, lookup, environment)
}

async function completeKind(
  kind: Completes | undefined,
  current: string,
  lookup: Lookup,
  environment: string | undefined,
  words?: string,
): Promise<Completion> {
  if (kind === 'path') return { candidates: [], files: true }
  if (kind === 'shell')
    return matching(
      ['bash', 'zsh', 'fish'].map((value) => ({ value, description: words ?? '' })),
      current,
    )
  if (kind === undefined) return nothing
  return matching(await lookup(kind, environment), current)
}

function optionWords(options: readonly OptionSpec[]): Candidate[] {
  return options.flatMap(({ flags, description }) => {
    const long = /--[a-z-]+/.exec(flags)?.[0]
    return long ? [{ value: long, description }] : []
  })
}

function matching(candidates: readonly Candidate[], current: string): Completion {
  return { candidates: candidates.filter(({ value }) => value.startsWith(current)), files: false }
}

function flagsIn(words: readonly string[]): GlobalFlags {
  const after = (flag: string) => (words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined)
  return { url: after('--url'), tokenFile: after('--token-file'), home: after('--home') }
}
