import { hostname } from 'node:os'
import { type Fault, StandinError } from '@standin/client/errors'
import { isNear } from '@standin/serving/is-near'
import { rrType } from '../wire/protocol.ts'
import type { Configuration } from './configuration.ts'
import { type Directive, type Notice, type Place, ValueError } from './configuration-line.ts'
import { readConfigurationText } from './configuration-text.ts'
import { Draft, type OptionTable } from './options/draft.ts'
import { isKnownToDnsmasq, whyHarmless } from './options/other-options.ts'
import { recordOptions } from './options/record-options.ts'
import { serverOptions } from './options/server-options.ts'
import { settingOptions } from './options/setting-options.ts'
import { readName } from './values.ts'

const options: ReadonlyMap<string, OptionTable[string]> = new Map(
  [serverOptions, recordOptions, settingOptions].flatMap((table) => Object.entries(table)),
)

/** They were followed when the text was read. */
const includes: readonly string[] = ['conf-file', 'conf-dir', 'servers-file']

/**
 * Reads a dnsmasq configuration file and those that it includes.
 * @throws StandinError `invalid` with every fault, each with its file, line and option
 */
export function readConfiguration(path: string): Configuration {
  const { directives, faults: unreadable } = readConfigurationText(path)
  const draft = new Draft()
  const faults: Notice[] = [...unreadable]
  for (const directive of directives) {
    try {
      take(draft, directive)
    } catch (cause) {
      if (!(cause instanceof ValueError)) throw cause
      faults.push({ place: directive.place, message: `${directive.option}: ${cause.message}` })
    }
  }
  if (faults.length > 0) throw configurationError(path, faults)
  addMailNames(draft)
  return draft
}

function take(draft: Draft, directive: Directive): void {
  const { option, value, place } = directive
  const reader = options.get(option)
  if (reader === undefined) {
    const reason = whyHarmless(option)
    if (reason !== undefined) draft.warnings.push({ place, message: `${option} is passed over: ${reason}` })
    else if (!includes.includes(option)) throw unknown(option)
  } else if ('flag' in reader) {
    if (value !== undefined) throw new ValueError('takes no value')
    reader.flag(draft)
  } else if (value === undefined && reader.isOptional !== true) throw new ValueError('needs a value')
  else if (value === undefined || value !== '' || reader.takesEmpty === true) reader.value(draft, value ?? '')
}

function unknown(option: string): ValueError {
  if (isKnownToDnsmasq(option)) return new ValueError('is not supported, and without it some answers would be other ones')
  if (option.startsWith('-')) return new ValueError('no dashes in front of an option here')
  const meant = [...options.keys(), ...includes].find((known) => isNear(option.toLowerCase(), known.toLowerCase()))
  return new ValueError(`there is no such option${meant === undefined ? '' : `: did you mean ${meant}?`}`)
}

/** dnsmasq has them lead to `mx-target` or, without one, to the machine. */
function addMailNames(draft: Draft): void {
  for (const { owner, preference } of draft.mailNames) {
    const target = draft.mailTarget ?? readName(hostname())
    draft.records.push({ owner, type: rrType.MX, data: String.fromCharCode(preference >> 8, preference & 0xff) + target })
  }
}

function configurationError(path: string, faults: readonly Notice[]): StandinError {
  const errors: Fault[] = inOrder(path, faults).map(({ place, message }) => ({ path: placeText(place), message }))
  const [first] = errors
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  const isUnread = faults.some(({ place }) => place.file === path && place.line === 0)
  return new StandinError('invalid', `${first?.path}: ${first?.message}${more}`, {
    hint: isUnread
      ? "Name dnsmasq's configuration file, one that can be read."
      : `Correct ${path}; docs/guide/dnsmasq.md says which options there are.`,
    errors,
  })
}

/** As they stand in the files, the named one first: what can not be read is found before what makes no sense. */
function inOrder(path: string, faults: readonly Notice[]): Notice[] {
  const files = [...new Set([path, ...faults.map(({ place }) => place.file)])]
  return faults.toSorted(({ place: one }, { place: other }) => files.indexOf(one.file) - files.indexOf(other.file) || one.line - other.line)
}

/** For people. */
export function noticeText({ place, message }: Notice): string {
  return `${placeText(place)}: ${message}`
}

function placeText({ file, line }: Place): string {
  return line === 0 ? file : `${file}:${line}`
}
