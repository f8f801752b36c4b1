import { labelOffsets, type WireName } from '../wire/name.ts'
import { ValueError } from './configuration-line.ts'
import { readName } from './values.ts'

/**
 * Which names a rule is for:
 *
 * | kind | written | names |
 * |---|---|---|
 * | `domain` | `/d.test/`, `/.d.test/` | it and all below it |
 * | `ending` | `/*d.test/` | those that end so: `d.test`, `x.d.test`, `xd.test`; `/*.d.test/` those below it |
 * | `any` | `/#/` | all |
 * | `unqualified` | `//` | those of one label |
 */
export type DomainPattern =
  | { readonly kind: 'domain'; readonly name: WireName }
  | { readonly kind: 'ending'; readonly ending: string; readonly parent: WireName }
  | { readonly kind: 'any' }
  | { readonly kind: 'unqualified' }

/** `/a.test/b.test/REST`: the patterns and the rest. Undefined: the value does not begin with a slash. @throws ValueError */
export function readPatterns(value: string): { readonly patterns: readonly DomainPattern[]; readonly rest: string } | undefined {
  if (!value.startsWith('/')) return undefined
  const parts = value.slice(1).split('/')
  if (parts.length < 2) throw new ValueError(`"${value}" has no slash after the domain: /DOMAIN/`)
  return { patterns: parts.slice(0, -1).map((part) => readPattern(part.trim())), rest: (parts.at(-1) as string).trim() }
}

function readPattern(text: string): DomainPattern {
  if (text === '') return { kind: 'unqualified' }
  if (text === '#' || text === '*') return { kind: 'any' }
  if (!text.startsWith('*')) return { kind: 'domain', name: readName(text.replace(/^\./, '')) }
  // `*wild.d.test`: the first label is only the end of one.
  const name = readName(text.replace(/^\*\./, '*'))
  if (text.startsWith('*.')) return { kind: 'ending', ending: '', parent: readName(text.slice(2)) }
  const [, second = name.length - 1] = labelOffsets(name)
  return { kind: 'ending', ending: name.slice(2, second), parent: name.slice(second) }
}
