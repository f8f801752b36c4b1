import { addressBytes } from '../../wire/address.ts'
import { labelOffsets, type WireName } from '../../wire/name.ts'
import { rrType } from '../../wire/protocol.ts'
import { fieldsOf, unmarked, ValueError } from '../configuration-line.ts'
import { readDhcpHost } from '../host-files.ts'
import { readName, readNumber } from '../values.ts'
import type { Draft, OptionTable } from './draft.ts'

/** RFC 3403, section 4.1; RFC 8659, section 4.1. */
const naptr = 35
const caa = 257
const longestString = 255

/** Names and what they have. */
export const recordOptions: OptionTable = {
  'host-record': { value: readHostRecord, takesEmpty: true },
  cname: { value: readCname, takesEmpty: true },
  'ptr-record': { value: readPtrRecord },
  'txt-record': { value: readTxtRecord },
  'srv-host': { value: readSrvHost },
  'mx-host': { value: readMxHost },
  'mx-target': { value: (draft, value) => (draft.mailTarget = readName(unmarked(value))) },
  'naptr-record': { value: readNaptrRecord },
  'caa-record': { value: readCaaRecord },
  'dns-rr': { value: readAnyRecord },
  'dhcp-host': {
    value: (draft, value) => {
      const host = readDhcpHost(fieldsOf(value))
      if (host !== undefined) draft.dhcpHosts.push(host)
    },
  },
}

/** `NAME,…,ADDRESS,…,TTL`. */
function readHostRecord(draft: Draft, value: string): void {
  const names: WireName[] = []
  const addresses: Buffer[] = []
  let ttl: number | undefined
  for (const field of fieldsOf(value)) {
    const address = addressBytes(field)
    if (address !== undefined) addresses.push(address)
    else if (/^[0-9]+$/.test(field)) ttl = readNumber(field, 'TTL')
    else if (field !== '') names.push(readName(field))
  }
  if (names.length === 0 || addresses.length === 0) throw new ValueError('needs a name and an address: NAME,ADDRESS')
  draft.hosts.push({ names, addresses, ttl })
}

/** `ALIAS,…,TARGET[,TTL]`. */
function readCname(draft: Draft, value: string): void {
  const fields = fieldsOf(value)
  const last = fields.at(-1) ?? ''
  const ttl = fields.length > 2 && /^[0-9]+$/.test(last) ? readNumber(last, 'TTL') : undefined
  const names = (ttl === undefined ? fields : fields.slice(0, -1)).map(readName)
  const target = names.pop()
  if (target === undefined || names.length === 0) throw new ValueError('needs an alias and its target: ALIAS,TARGET')
  for (const alias of names) {
    if (draft.aliases.has(alias)) throw new ValueError(`"${fields[names.indexOf(alias)]}" is an alias already`)
    draft.aliases.set(alias, { target, ttl })
    for (let next = draft.aliases.get(target), steps = 0; next !== undefined; next = draft.aliases.get(next.target)) {
      if (next.target === target || steps++ > draft.aliases.size) throw new ValueError('goes round in a circle')
    }
  }
}

/** `NAME[,TARGET]`. */
function readPtrRecord(draft: Draft, value: string): void {
  const [name = '', target = ''] = fieldsOf(value)
  draft.records.push({ owner: readName(name), type: rrType.PTR, data: target === '' ? '\0' : readName(target) })
}

/** `NAME[,TEXT,…]`: each text a string of the record; longer ones than 255 octets are cut into several. */
function readTxtRecord(draft: Draft, value: string): void {
  const [name = '', ...texts] = fieldsOf(value)
  const strings = texts.length === 0 ? [''] : texts
  draft.records.push({ owner: readName(name), type: rrType.TXT, data: strings.map(characterStrings).join('') })
}

/** `_SERVICE._PROTOCOL[.DOMAIN][,TARGET[,PORT[,PRIORITY[,WEIGHT]]]]`: another order than that of the record (RFC 2782). */
function readSrvHost(draft: Draft, value: string): void {
  const [name = '', target = '', port = '', priority = '', weight = '', ...rest] = fieldsOf(value)
  if (rest.length > 0) throw new ValueError('has more than NAME,TARGET,PORT,PRIORITY,WEIGHT')
  const owner = readName(name)
  const numbers = [numberOr(priority, 'priority', 0), numberOr(weight, 'weight', 0), numberOr(port, 'port', 1)]
  const data = numbers.map(word).join('') + (target === '' ? '\0' : readName(target))
  const isIncomplete = labelOffsets(owner).length === 2 && /^_[^.]+\._/.test(name)
  if (isIncomplete) draft.services.push({ owner, type: rrType.SRV, data })
  else draft.records.push({ owner, type: rrType.SRV, data })
}

/** `NAME[[,TARGET],PREFERENCE]`. */
function readMxHost(draft: Draft, value: string): void {
  const [name = '', target = '', preference = '', ...rest] = fieldsOf(value)
  if (rest.length > 0) throw new ValueError('has more than NAME,TARGET,PREFERENCE')
  const owner = readName(name)
  const number = numberOr(preference, 'preference', 1)
  if (target === '') draft.mailNames.push({ owner, preference: number })
  else draft.records.push({ owner, type: rrType.MX, data: word(number) + readName(target) })
}

/** `NAME,ORDER,PREFERENCE,FLAGS,SERVICE,REGEXP[,REPLACEMENT]`. */
function readNaptrRecord(draft: Draft, value: string): void {
  const [name = '', order = '', preference = '', flags = '', service, expression, replacement = '', ...rest] = fieldsOf(value)
  if (service === undefined || expression === undefined || rest.length > 0)
    throw new ValueError('is not NAME,ORDER,PREFERENCE,FLAGS,SERVICE,REGEXP,REPLACEMENT')
  const numbers = word(readNumber(order, 'order', 0xffff)) + word(readNumber(preference, 'preference', 0xffff))
  const strings = [flags, service, expression].map(characterString).join('')
  draft.records.push({ owner: readName(name), type: naptr, data: numbers + strings + (replacement === '' ? '\0' : readName(replacement)) })
}

/** `NAME,FLAGS,TAG,VALUE`. */
function readCaaRecord(draft: Draft, value: string): void {
  const [name = '', flags = '', tag = '', ...values] = fieldsOf(value)
  if (tag === '' || values.length === 0) throw new ValueError('is not NAME,FLAGS,TAG,VALUE')
  const data = octet(readNumber(flags, 'flags', 255)) + characterString(tag) + octets(values.join(','))
  draft.records.push({ owner: readName(name), type: caa, data })
}

/** `NAME,NUMBER[,HEX]`: a record of any type. */
function readAnyRecord(draft: Draft, value: string): void {
  const [name = '', type = '', ...hex] = fieldsOf(value)
  const digits = hex.join('').replace(/[:\s]/g, '')
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new ValueError(`"${hex.join(',')}" is no hexadecimal data`)
  const number = readNumber(type, 'type', 0xffff)
  draft.records.push({ owner: readName(name), type: number, data: Buffer.from(digits, 'hex').toString('latin1') })
}

function numberOr(text: string, what: string, otherwise: number): number {
  return text === '' ? otherwise : readNumber(text, what, 0xffff)
}

function word(value: number): string {
  return octet(value >> 8) + octet(value & 0xff)
}

function octet(value: number): string {
  return String.fromCharCode(value)
}

/** Text as octets, one a character. */
function octets(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** RFC 1035, section 3.3. @throws ValueError */
function characterString(text: string): string {
  const data = octets(text)
  if (data.length > longestString) throw new ValueError(`"${text}" is longer than 255 octets`)
  return octet(data.length) + data
}

function characterStrings(text: string): string {
  const data = octets(text)
  let strings = ''
  for (let at = 0; at === 0 || at < data.length; at += longestString) {
    const part = data.slice(at, at + longestString)
    strings += octet(part.length) + part
  }
  return strings
}
