import { randomInt } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askUdp } from '../testing/ask.ts'
import { queryMessage } from '../testing/messages.ts'
import type { ScriptedUpstream } from '../testing/scripted-upstream.ts'
import { rrType } from '../wire/protocol.ts'
import type { Comparison } from './testing/comparison.ts'
import { comparisons } from './testing/comparisons.ts'
import { hasDnsmasq, startDnsmasq } from './testing/dnsmasq-process.ts'
import { numberedUpstream } from './testing/numbered-upstream.ts'
import { type PlainReply, plainReply } from './testing/plain-reply.ts'
import { serveFile } from './testing/serve-file.ts'

const guide = resolve(import.meta.dirname, '../../../../docs/guide/dnsmasq.md')
const types: Readonly<Record<string, number>> = { ...rrType, NAPTR: 35, DS: 43, HTTPS: 65, CAA: 257 }
const rcodes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED']

interface Question {
  readonly name: string
  readonly type: string
  /** Row of the guide's table, and what we answer. */
  readonly difference: { readonly row: string; readonly ours: string } | undefined
}

/** Rows of the guide's table of differences, by what is in their first column. */
const rows = new Set([...readFileSync(guide, 'utf8').matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, row]) => row as string))
const all = comparisons.flatMap(({ questions }) => questionsOf(questions))

describe('differences from dnsmasq', () => {
  it('are compared over at least 300 combinations of option, name and type', () => {
    expect(all.length).toBeGreaterThan(300)
  })

  it('are those of the guide, each with a question that shows it', () => {
    const shown = new Set(all.flatMap(({ difference }) => difference?.row ?? []))
    expect([...shown].sort()).toEqual([...rows].sort())
  })
})

describe.skipIf(!hasDnsmasq())('the same file, read by us and by dnsmasq', () => {
  let folder: string
  let upstreams: readonly ScriptedUpstream[]
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'standin-dnsmasq-'))
    upstreams = [await numberedUpstream(1), await numberedUpstream(2), await numberedUpstream(3)]
  })
  afterAll(async () => {
    for (const upstream of upstreams) await upstream[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  const isRoot = process.getuid?.() === 0
  it.for(comparisons.map((each) => [each.title, each] as const))('%s', async ([, comparison], { skip }) => {
    if (comparison.asRoot === true && !isRoot) return skip('only for root')
    const file = writeFiles(comparison)
    await using theirs = await startDnsmasq(file)
    await using ours = await serveFile(file)
    const wrong: object[] = []
    for (const question of questionsOf(comparison.questions)) {
      const [their, our] = [await ask(theirs.port, question), await ask(ours.port, question)]
      const asked = `${question.name} ${question.type}`
      if (question.difference === undefined) {
        if (plain(our) !== plain(their)) wrong.push({ asked, ours: plain(our), theirs: plain(their) })
        continue
      }
      const { row, ours: expected } = question.difference
      if (short(our) !== expected) wrong.push({ asked, row, ours: short(our), expected })
      if (plain(our) === plain(their)) wrong.push({ asked, row, problem: 'is no difference any more', both: plain(our) })
    }
    expect(wrong).toEqual([])
  })

  function writeFiles({ title, file, files = {}, withSystemHosts }: Comparison): string {
    const own = join(folder, title.replaceAll(/[^a-z]+/g, '-'))
    const fill = (text: string) =>
      text
        .replaceAll('DIR', own)
        .replaceAll('PORT', dhcpPorts())
        .replaceAll(/UP([123])/g, (_, number) => `127.0.0.1#${upstreams[Number(number) - 1]?.port}`)
    for (const [name, text] of Object.entries({
      ...files,
      'dnsmasq.conf': `no-resolv\n${withSystemHosts === true ? '' : 'no-hosts\n'}${file}\n`,
    })) {
      const path = join(own, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, fill(text))
    }
    return join(own, 'dnsmasq.conf')
  }
})

/** A pair that nobody is likely to have. */
function dhcpPorts(): string {
  const port = randomInt(20_000, 30_000)
  return `${port},${port + 1}`
}

function questionsOf(text: string): Question[] {
  return text.split('\n').flatMap((line) => {
    const [question = '', difference] = line.trim().split(' ~ ')
    if (question === '') return []
    const [name = '', kinds = ''] = question.split(' ')
    const [, row, ours] = /^([a-z-]+): (.*)$/.exec(difference ?? '') ?? []
    return kinds.split(',').map((type) => ({
      name,
      type,
      difference: row === undefined || ours === undefined ? undefined : { row, ours },
    }))
  })
}

async function ask(port: number, { name, type }: Question): Promise<PlainReply> {
  const reply = await askUdp(port, queryMessage({ name, type: types[type] ?? Number(type) }), 5000)
  if (reply === undefined) throw new Error(`no answer to ${name} ${type}`)
  return plainReply(reply)
}

/** Owners and names in data in lower case: whose case is kept where is nobody's concern (RFC 4343, section 4.1). */
function plain({ rcode, answers }: PlainReply): string {
  return [rcodes[rcode] ?? rcode, ...answers.map((answer) => answer.toLowerCase())].join('\n')
}

/** Without owners, times and types. */
function short({ rcode, answers }: PlainReply): string {
  const data = answers.map((answer) => answer.split(' ').slice(3).join(' '))
  return [rcodes[rcode] ?? rcode, ...data].join(' ')
}
