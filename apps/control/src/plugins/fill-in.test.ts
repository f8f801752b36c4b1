import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Plugin } from '@standin/core'
import Type from 'typebox'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readPlugins } from './read-plugins.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'standin-fill-in-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const chat: Plugin = {
  id: 'chat',
  config: Type.Object({
    token: Type.Optional(Type.String({ minLength: 4 })),
    mode: Type.Optional(Type.Enum(['quiet', 'loud'])),
    rooms: Type.Optional(Type.Array(Type.String())),
    every: Type.Optional(Type.String({ format: 'duration' })),
  }),
  setup: () => ({}),
}
const read = (text: string, env: NodeJS.ProcessEnv = {}) => {
  const file = join(dir, 'standin.config.yaml')
  writeFileSync(file, text)
  return readPlugins(file, { chat: async () => chat }, env)
}

describe('values that stand elsewhere', () => {
  it('are filled in from the environment and from files beside the configuration, in strings alone', async () => {
    writeFileSync(join(dir, 'token'), 's3cret\n')
    const { plugins, faults } = await read(
      'plugins:\n  - use: chat\n    with: {token: "${file:token}", rooms: ["a-${env:ROOM}-b", "$${env:ROOM}", "${other:x}"]}\n',
      { ROOM: 'blue' },
    )
    expect(faults).toEqual([])
    expect(plugins[0]?.config).toEqual({ token: 's3cret', rooms: ['a-blue-b', '${env:ROOM}', '${other:x}'] })
  })

  it('that are missing are faults, each at its place', async () => {
    const { faults } = await read('plugins:\n  - use: chat\n    with:\n      token: ${env:NO_TOKEN}\n      every: "${file:none}"\n')
    expect(faults.map(({ line, path, message }) => [line, path, message])).toEqual([
      [4, 'plugins.0.with.token', '${env:NO_TOKEN} can not be filled in: it is not set'],
      [5, 'plugins.0.with.every', expect.stringContaining('${file:none} can not be filled in: ENOENT')],
    ])
  })

  it('are never told in a fault', async () => {
    const { faults } = await read(
      'plugins:\n  - use: chat\n    with: {mode: "${env:MODE}", every: "${env:EVERY}", token: "${env:TOKEN}"}\n',
      {
        MODE: 'verysecret',
        EVERY: 'alsosecret',
        TOKEN: 'abc',
      },
    )
    expect(faults.map(({ message }) => message)).toEqual(
      expect.arrayContaining(['what ${env:MODE} stands for is not valid here', 'what ${env:EVERY} stands for is not valid here']),
    )
    expect(JSON.stringify(faults)).not.toMatch(/verysecret|alsosecret|abc/)
  })
})
