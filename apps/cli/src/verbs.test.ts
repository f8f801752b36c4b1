import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { PassThrough } from 'node:stream'
import { environmentStates, eventTypes, Name, roles, scopes } from '@standin/client'
import { describe, expect, it } from 'vitest'
import { catalog } from './catalog.ts'
import { type Candidate, complete } from './complete.ts'
import type { Surroundings } from './context.ts'
import { namePattern } from './name.ts'
import { createProgram } from './program.ts'
import { referencePage } from './reference-page.ts'
import type { Verb } from './verb.ts'
import { kindsOfEvents } from './verbs/events.ts'
import { states } from './verbs/list.ts'
import { roleNames } from './verbs/role-grant.ts'
import { tokenScopes } from './verbs/token-create.ts'

const nobody = async () => []

function surroundings(): Surroundings & { text(): string } {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  return {
    stdin: new PassThrough(),
    stdout,
    stderr,
    env: { NO_COLOR: '1' },
    signal: new AbortController().signal,
    text: () => String(stdout.read() ?? ''),
  }
}

async function help(...words: string[]): Promise<string> {
  const around = surroundings()
  await createProgram(around)
    .parseAsync([...words, '--help'], { from: 'user' })
    .catch(() => {})
  return around.text()
}

describe.each(catalog.map((entry) => [entry.name, entry] as const))('standin %s', (name, entry) => {
  it('has help that says what it is for, with examples of its own', async () => {
    const text = await help(...name.split(' '))
    expect(text).toContain(`Usage: standin ${name}`)
    expect(text).toContain(entry.summary)
    expect(text).toMatch(new RegExp(`Examples:\\n  \\$ .*standin ${name}`))
  })

  it('explains every argument and option', async () => {
    const verb = (await entry.load()) as unknown as Verb
    for (const { description } of [...(verb.arguments ?? []), ...(verb.options ?? [])]) expect(description).not.toBe('')
  })

  it('appears in the help and in the completion', async () => {
    const words = name.split(' ')
    expect(await help(...words.slice(0, -1))).toMatch(new RegExp(`^  ${words.at(-1)} `, 'm'))
    const { candidates } = await complete([...words.slice(0, -1), ''], nobody)
    expect(candidates.map(({ value }) => value)).toContain(words.at(-1))
  })
})

describe('the reference page', () => {
  it('is what the verbs say', async () => {
    await expect(await referencePage()).toMatchFileSnapshot('../../../docs/reference/cli.md')
  })
})

describe('lists that the API has, too', () => {
  it('are the same', () => {
    expect(states).toEqual(environmentStates)
    expect(kindsOfEvents).toEqual(eventTypes)
    expect(tokenScopes).toEqual(scopes)
    expect(roleNames).toEqual(roles)
    expect(namePattern).toBe((Name as { pattern?: string }).pattern)
  })
})

describe('complete', () => {
  const known = async (what: string, environment: string | undefined): Promise<Candidate[]> =>
    ({
      environment: [
        { value: 'alice', description: '' },
        { value: 'bob', description: '' },
      ],
      template: [{ value: 'shop:stable', description: '' }],
      host: [{ value: `web-of-${environment}`, description: '' }],
    })[what] ?? []
  const values = async (...words: string[]) => (await complete(words, known)).candidates.map(({ value }) => value)

  it('knows verbs, and verbs below verbs', async () => {
    expect(await values('sus')).toEqual(['suspend'])
    expect(await values('template', 'b')).toEqual(['build'])
    expect(await values('--home', '/tmp', 'sh')).toEqual(['show'])
  })

  it('knows what there is', async () => {
    expect(await values('show', 'a')).toEqual(['alice'])
    expect(await values('suspend', 'alice', '')).toEqual(['alice', 'bob'])
    expect(await values('exec', 'alice', '')).toEqual(['web-of-alice'])
    expect(await values('logs', '-n', '5', 'bob', '')).toEqual(['web-of-bob'])
    expect(await values('up', 'shop:')).toEqual(['shop:stable'])
  })

  it('knows options and their values', async () => {
    expect(await values('up', 'shop', '--ti')).toEqual(['--timeout'])
    expect(await values('list', '--state', 'susp')).toEqual(['suspending', 'suspended'])
    expect(await values('-o', 'y')).toEqual(['yaml'])
    expect(await values('up', '--name', '')).toEqual([])
  })

  it('leaves paths to the shell, and the command of exec to its user', async () => {
    expect(await complete(['template', 'build', ''], known)).toEqual({ candidates: [], files: true })
    expect(await complete(['exec', 'a', 'web', '--', 'l'], known)).toEqual({ candidates: [], files: false })
  })
})

describe('hints anywhere in the house', () => {
  it('name verbs that there are', async () => {
    const root = resolve(import.meta.dirname, '../../..')
    const unknown: string[] = []
    let hints = 0
    for await (const file of glob('{apps,packages}/*/src/**/*.ts', { cwd: root, exclude: (name) => name.includes('node_modules') })) {
      if (file.endsWith('.test.ts') || file.startsWith('packages/testing/')) continue
      for (const [hint, words = ''] of readFileSync(join(root, file), 'utf8').matchAll(/`standin ([a-z][^`\\]*)/g)) {
        hints += 1
        const isKnown = catalog.some(({ name }) => words === name || words.startsWith(`${name} `) || words.startsWith(`${name}\``))
        // The platform is started, environments are resumed.
        const isMistaken = /^start [^-]/.test(words)
        if (!isKnown || isMistaken) unknown.push(`${file}: ${hint}`)
      }
    }
    expect(unknown).toEqual([])
    expect(hints).toBeGreaterThan(20)
  })
})
