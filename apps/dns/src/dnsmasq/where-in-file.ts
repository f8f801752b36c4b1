import { readFileSync } from 'node:fs'
import { addressBytes, reverseName } from '../wire/address.ts'
import { labelOffsets, type WireName, wireName } from '../wire/name.ts'
import type { Configuration } from './configuration.ts'
import { type Directive, unmarked, ValueError } from './configuration-line.ts'
import { filesOf, readConfigurationText } from './configuration-text.ts'
import type { DnsmasqRules } from './dnsmasq-rules.ts'
import { within } from './host-files.ts'
import { Draft } from './options/draft.ts'
import { recordOptions } from './options/record-options.ts'
import { serverOptions } from './options/server-options.ts'

/** Lines that are told, where several say the same of a name. */
const mostLines = 3
const tables = { ...serverOptions, ...recordOptions }

interface Question {
  readonly name: WireName
  readonly labels: readonly number[]
}

/**
 * Which lines of the configuration, or of the files that it names, speak of a name, for people who ask. Which line of a hosts file, the
 * rules know; the configuration and the files of machines and leases are read again for it: the former once as long as the rules
 * stay the same, the latter as they are now.
 */
export function whereInFile(rules: DnsmasqRules, { name, labels }: Question): string {
  const lines = linesOf(rules)
  const own = lines.names.get(name) ?? rules.current.placesOf(name)
  const machines = own.length > 0 ? own : inMachineFiles(rules.configuration, name)
  const found =
    machines.length > 0 ? machines : (lines.domainLines(name, labels) ?? (labels.length === 1 ? lines.domainNeeded : lines.bogusPriv))
  return found.length === 0 ? rules.path : found.slice(0, mostLines).join('; ')
}

const known = new WeakMap<Configuration, ConfigurationLines>()

function linesOf({ path, configuration }: DnsmasqRules): ConfigurationLines {
  const before = known.get(configuration)
  if (before !== undefined) return before
  const lines = new ConfigurationLines(path, configuration.domain)
  known.set(configuration, lines)
  return lines
}

/** The lines of a configuration by the names that they speak of. */
class ConfigurationLines {
  readonly names = new Map<WireName, string[]>()
  /** Keeps names of one label from being forwarded. */
  readonly domainNeeded: string[] = []
  /** Keeps the names of private addresses from it. */
  readonly bogusPriv: string[] = []
  readonly #domains = new Map<WireName, string[]>()
  readonly #endings: { readonly ending: string; readonly line: string }[] = []
  readonly #any: string[] = []
  readonly #unqualified: string[] = []

  constructor(path: string, domain: WireName | undefined) {
    for (const directive of readConfigurationText(path).directives) this.#take(directive, domain)
  }

  /** Those of the longest match; undefined: none. */
  domainLines(name: WireName, labels: readonly number[]): string[] | undefined {
    for (const at of labels) {
      const lines = this.#domains.get(name.slice(at))
      if (lines !== undefined) return lines
      const ending = this.#endings.filter((each) => name.slice(at).endsWith(each.ending))
      if (ending.length > 0) return ending.map(({ line }) => line)
    }
    if (labels.length === 1 && this.#unqualified.length > 0) return this.#unqualified
    return this.#any.length > 0 ? this.#any : undefined
  }

  #take(directive: Directive, domain: WireName | undefined): void {
    const { option, value, place } = directive
    const line = `${place.file}:${place.line}: ${option}${value === undefined ? '' : `=${unmarked(value)}`}`
    if (option === 'domain-needed') this.domainNeeded.push(line)
    else if (option === 'bogus-priv') this.bogusPriv.push(line)
    const reader = tables[option]
    if (reader === undefined || !('value' in reader) || value === undefined) return
    const draft = new Draft()
    try {
      reader.value(draft, value)
    } catch (cause) {
      if (cause instanceof ValueError) return
      throw cause
    }
    this.#takeRules(draft, line)
    for (const name of namesIn(draft, domain)) append(this.names, name, line)
  }

  #takeRules({ rules }: Draft, line: string): void {
    for (const { pattern, effect } of rules) {
      // Whom to ask is told with the upstream that answered.
      if (effect.kind === 'server' || effect.kind === 'default') continue
      if (pattern.kind === 'any') this.#any.push(line)
      else if (pattern.kind === 'unqualified') this.#unqualified.push(line)
      else if (pattern.kind === 'domain') append(this.#domains, pattern.name, line)
      else this.#endings.push({ ending: pattern.ending + pattern.parent, line })
    }
  }
}

/** All names that a line gives something to. */
function namesIn({ hosts, records, aliases, services, mailNames, dhcpHosts }: Draft, domain: WireName | undefined): WireName[] {
  return [
    ...hosts.flatMap(({ names, addresses }) => [...names, ...addresses.map(reverseName)]),
    ...records.map(({ owner }) => owner),
    ...aliases.keys(),
    ...services.map(({ owner }) => (domain === undefined ? owner : within(owner, domain))),
    ...mailNames.map(({ owner }) => owner),
    ...dhcpHosts.flatMap(({ name, addresses }) => [...completed(name, domain), ...addresses.map(reverseName)]),
  ]
}

/** Files of machines and leases: wherever a line has the name, or the address whose name is asked for. */
function inMachineFiles({ dhcpHostsFiles, leaseFile, domain }: Configuration, name: WireName): string[] {
  const found: string[] = []
  for (const file of [...dhcpHostsFiles, ...(leaseFile === undefined ? [] : [leaseFile])].flatMap(filesOf)) {
    for (const [index, line] of textOf(file).split('\n').entries()) {
      const words = line.replace(/#.*$/, '').split(/[\s,]+/)
      if (words.some((word) => speaksOf(word, name, domain))) found.push(`${file}:${index + 1}: ${line.trim()}`)
      if (found.length === mostLines) return found
    }
  }
  return found
}

function speaksOf(word: string, name: WireName, domain: WireName | undefined): boolean {
  if (word === '') return false
  const address = addressBytes(word)
  return address === undefined ? completed(word, domain).includes(name) : reverseName(address) === name
}

function completed(text: string, domain: WireName | undefined): WireName[] {
  const name = wireName(text)
  if (name === undefined) return []
  return domain === undefined || labelOffsets(name).length !== 1 ? [name] : [name, within(name, domain)]
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function append(lines: Map<WireName, string[]>, name: WireName, line: string): void {
  const before = lines.get(name)
  if (before === undefined) lines.set(name, [line])
  else before.push(line)
}
