import { addressBytes, reverseName } from '../../wire/address.ts'
import type { WireName } from '../../wire/name.ts'
import { labelOffsets } from '../../wire/name.ts'
import { unmarked, ValueError } from '../configuration-line.ts'
import { readPatterns } from '../domain-pattern.ts'
import type { RuleLine } from '../domain-rules.ts'
import type { AddressRange } from '../settings.ts'
import { readName, readRange, readServer } from '../values.ts'
import type { Draft, OptionTable } from './draft.ts'

/** Who answers for which names: `address`, `server` and their like. */
export const serverOptions: OptionTable = {
  address: { value: readAddressLine },
  server: { value: readServerLine },
  local: { value: readServerLine },
  'rev-server': { value: readReverseServer },
  'rebind-domain-ok': { value: readExemptDomains },
}

/** `/d/192.0.2.1`, `/d/#`, `/d/`. */
function readAddressLine(draft: Draft, value: string): void {
  const parsed = readPatterns(unmarked(value))
  if (parsed === undefined) throw new ValueError(`"${unmarked(value)}" names no domain: /DOMAIN/ADDRESS, or /#/ADDRESS for all`)
  const effect = addressEffect(parsed.rest)
  for (const pattern of parsed.patterns) draft.rules.push({ pattern, effect })
}

function addressEffect(text: string): RuleLine['effect'] {
  if (text === '') return { kind: 'local' }
  if (text === '#') return { kind: 'nothing' }
  const octets = addressBytes(text)
  if (octets === undefined) throw new ValueError(`"${text}" is no IP address (nor # for 0.0.0.0 and ::)`)
  return { kind: 'address', octets: octets.toString('latin1') }
}

/** `192.0.2.1#53`, `/d/192.0.2.1`, `/d/#`, `/d/`. */
function readServerLine(draft: Draft, value: string): void {
  const text = unmarked(value)
  const parsed = readPatterns(text)
  if (parsed === undefined) {
    if (text !== '#') draft.servers.push(readServer(text))
    return
  }
  const { patterns, rest } = parsed
  const effect: RuleLine['effect'] =
    rest === '' ? { kind: 'local' } : rest === '#' ? { kind: 'default' } : { kind: 'server', server: readServer(rest) }
  for (const pattern of patterns) {
    if (pattern.kind === 'any' && effect.kind === 'server') draft.servers.push(effect.server)
    else draft.rules.push({ pattern, effect })
  }
}

/** `192.0.2.0/24,192.0.2.1`: the reverse names of a network. */
function readReverseServer(draft: Draft, value: string): void {
  const [network = '', server = '', ...rest] = unmarked(value).split(',')
  if (rest.length > 0) throw new ValueError(`"${unmarked(value)}" is not NETWORK,SERVER`)
  const range = readRange(network.trim())
  if (range.bits === 0) throw new ValueError('a prefix of 0 bits is every network: give the server without one')
  const effect: RuleLine['effect'] = server.trim() === '' ? { kind: 'local' } : { kind: 'server', server: readServer(server.trim()) }
  for (const name of reverseDomains(range)) draft.rules.push({ pattern: { kind: 'domain', name }, effect })
}

/** The reverse zones that a network is made of: one where its prefix ends at a label, up to 128 (8 for IPv6) where not. */
export function reverseDomains({ octets, bits }: AddressRange): WireName[] {
  const step = octets.length === 4 ? 8 : 4
  const labels = Math.ceil(bits / step)
  const free = labels * step - bits
  const zones: WireName[] = []
  for (let each = 0; each < 1 << free; each++) {
    const address = Buffer.from(octets)
    const shift = step === 8 || labels % 2 === 0 ? 0 : 4
    const at = Math.ceil((labels * step) / 8) - 1
    const keep = 0xff << (free + shift)
    address[at] = ((address[at] as number) & keep) | (each << shift)
    const name = reverseName(address)
    const offsets = labelOffsets(name)
    zones.push(name.slice(offsets[offsets.length - 2 - labels]))
  }
  return zones
}

/** `d.test`, `/d.test/e.test/`, with or without the last slash. */
function readExemptDomains(draft: Draft, value: string): void {
  for (const domain of unmarked(value).split('/')) if (domain !== '') draft.exemptDomains.push(readName(domain))
}
