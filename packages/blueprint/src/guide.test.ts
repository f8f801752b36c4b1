import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { blueprintReference } from './blueprint-reference.ts'
import { parseBlueprint } from './parse-blueprint.ts'
import { profile } from './profile.ts'

const docs = join(import.meta.dirname, '../../../docs')
const read = (page: string) => readFileSync(join(docs, 'guide', page), 'utf8')

/** What the guide's snippets speak of. */
const files = {
  'api/server.mjs': '',
  'web/server.mjs': '',
  'conf/web.env': 'A=1',
  'keys/signing.pem': 'key',
  'fixtures/customers.csv': 'id,plan',
  'common/mail.yaml': 'services: {mail: {command: mail, build: ., expose: [25]}}',
}

/** A block marked `yaml service` is a part of one, `yaml x-standin` a part of that; others are whole. */
function whole(kind: string, text: string): string {
  const indent = (by: number) => text.replace(/^(?=.)/gm, ' '.repeat(by))
  const hosts = 'services:\n  api: {command: run, expose: [8080]}\n  web:\n    command: run\n    expose: [8080]\n'
  if (kind === 'service') return `${hosts}${indent(4)}x-standin: {publish: {www: web}}\n`
  if (kind === 'x-standin') return `${hosts}x-standin:\n${text.includes('publish:') ? '' : '  publish: {www: web}\n'}${indent(2)}`
  return text
}

const snippetsOf = (page: string) =>
  [...read(page).matchAll(/^```yaml ?([a-z-]*)\n(.*?)^```$/gms)].map(([, kind = '', text = '']) => ({
    // Other pages show nothing but parts of that block.
    kind: page === 'blueprints.md' ? kind : 'x-standin',
    text,
    name: text.replace(/^publish:\n\s*/, '').split('\n')[0],
  }))

describe.each(['blueprints.md', 'services.md', 'aliases-and-faults.md'])('docs/guide/%s', (page) => {
  const snippets = snippetsOf(page)

  it.each(snippets)('$kind $name', ({ kind, text }) => {
    const { stack, warnings } = parseBlueprint({
      files: { ...files, 'compose.yaml': whole(kind, text) },
      environment: { API_KEY: 'x' },
      defaultName: 'shop',
    })
    expect(stack.hosts.length).toBeGreaterThan(0)
    expect(warnings.filter((warning) => warning.path !== 'x-standin.publish')).toEqual([])
  })

  it('has snippets', () => expect(snippets.length).toBeGreaterThan(1))
})

describe('blueprintReference', () => {
  it('has a row for every key of the profile', () => {
    const page = blueprintReference()
    for (const rules of Object.values(profile)) for (const key of Object.keys(rules)) expect(page).toContain(`| \`${key}\` |`)
  })
})
