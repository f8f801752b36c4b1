import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CronLine, Duration, definePlugin, TimeZone } from '@standin/core'
import Type from 'typebox'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readPlugins } from './read-plugins.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'standin-plugins-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const nightly = definePlugin({
  id: 'nightly',
  config: Type.Object({
    at: CronLine({ default: '0 20 * * *' }),
    timeZone: TimeZone({ default: 'UTC' }),
    idle: Type.Optional(Duration()),
    most: Type.Integer({ minimum: 1, default: 50 }),
    action: Type.Enum(['suspend', 'delete'], { default: 'suspend' }),
    rates: Type.Optional(Type.Object({ hour: Type.Number() })),
    from: Type.Optional(Type.String({ pattern: '^[0-9]{2}:[0-9]{2}$', description: 'Local time: `20:00`' })),
    check: Type.Optional(
      Type.Union([
        Type.Object({
          path: Type.Optional(Type.String({ pattern: '^/', description: 'Default: `/`' })),
          service: Type.Optional(Type.String()),
        }),
        Type.Literal(false),
      ]),
    ),
  }),
  setup: () => ({}),
})
const builtIn = {
  nightly: async () => nightly,
  needy: async () => definePlugin({ id: 'needy', dependsOn: ['nightly'], config: Type.Object({}), setup: () => ({}) }),
}

function write(files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  return join(dir, 'standin.config.yaml')
}

const read = (yaml: string, files: Readonly<Record<string, string>> = {}) =>
  readPlugins(write({ ...files, 'standin.config.yaml': yaml }), builtIn)

/** `line: message` of each fault. */
const faultsOf = async (yaml: string, files: Readonly<Record<string, string>> = {}) =>
  (await read(yaml, files)).faults.map(({ line, message }) => `${line}: ${message}`)

const plain =
  'export default { id: "plain", config: { type: "object", properties: { greeting: { type: "string", default: "hello" } } }, setup: () => ({}) }'

describe('readPlugins', () => {
  it('has none where there is no file, and none in an empty one', async () => {
    expect(await readPlugins(null, builtIn)).toEqual({ file: null, plugins: [], faults: [] })
    expect(await read('')).toMatchObject({ plugins: [], faults: [] })
    expect(await read('plugins:\n')).toMatchObject({ plugins: [], faults: [] })
  })

  it('tells of what may be one or another thing only what is wrong with the one that was meant', async () => {
    const faults = (check: string) => faultsOf(`plugins:\n  - use: nightly\n    with: {check: ${check}}\n`)
    expect(await faults('{path: healthz}')).toEqual(['3: "healthz" does not have the form ^/ (Default: `/`)'])
    expect(await faults('{pth: /healthz}')).toEqual(['3: unknown key "pth" (did you mean "path"?)'])
    for (const check of ['true', 'never', '[]']) expect(await faults(check)).toEqual(['3: it must be object or false'])
    for (const check of ['false', '{}', '{path: /}']) expect(await faults(check)).toEqual([])
  })

  it('names a text that is not of the form that it has to be, and says what is meant', async () => {
    const faults = await faultsOf('plugins:\n  - use: nightly\n    with: {from: eight}\n')
    expect(faults).toEqual(['3: "eight" does not have the form ^[0-9]{2}:[0-9]{2}$ (Local time: `20:00`)'])
  })

  it('asks for the unit where a duration is a number', async () => {
    const faults = await faultsOf('plugins:\n  - use: nightly\n    with: {idle: 15, from: 8}\n')
    expect(faults).toEqual(['3: it must be a number with its unit, such as 15m or 30d', '3: it must be string (Local time: `20:00`)'])
  })

  it('fills defaults in', async () => {
    const { plugins, faults } = await read('plugins:\n  - use: nightly\n    with: {most: 3}\n')
    expect(faults).toEqual([])
    expect(plugins).toMatchObject([{ id: 'nightly', config: { at: '0 20 * * *', timeZone: 'UTC', most: 3, action: 'suspend' } }])
  })

  it('tells all faults of all plugins at once, each at its line', async () => {
    const yaml = `plugins:
  - use: nightly
    with:
      at: 61 20 * * *
      timeZone: Europe/Atlantis
      idle: "15"
      most: 0
      action: suspnd
      rates:
        hours: 3
      tmeZone: UTC
  - use: nightli
  - use: ./missing.ts
  - uze: needy
`
    expect(await faultsOf(yaml)).toEqual([
      expect.stringContaining("4: '61 20 * * *' is not a cron line"),
      "5: 'Europe/Atlantis' is not a time zone",
      '6: 15 is not a duration',
      '7: it must be >= 1',
      '8: "suspnd" is not one of suspend, delete (did you mean "suspend"?)',
      '10: "hour" is missing',
      '10: unknown key "hours" (did you mean "hour"?)',
      '11: unknown key "tmeZone" (did you mean "timeZone"?)',
      expect.stringContaining('12: there is no plugin nightli (did you mean "nightly"?)'),
      expect.stringContaining('13: there is no ./missing.ts'),
      '14: "use" is missing',
      '14: unknown key "uze" (did you mean "use"?)',
    ])
  })

  it('reads the good ones beside the bad ones', async () => {
    const { plugins } = await read('plugins:\n  - use: nightly\n    with: {most: 0}\n  - use: ./plain.mjs\n', { 'plain.mjs': plain })
    expect(plugins.map(({ id, plugin, config, faults }) => [id, plugin !== undefined, config, faults.length])).toEqual([
      ['nightly', false, expect.anything(), 1],
      ['plain', true, { greeting: 'hello' }, 0],
    ])
  })

  it('says where a file is no YAML', async () => {
    expect(await faultsOf('plugins:\n  - use: [\n')).toEqual([expect.stringMatching(/^\d: this is no YAML: /)])
    expect(await faultsOf('plugins: nightly\n')).toEqual(['1: it must be array'])
    expect(await faultsOf('pluggins: []\n')).toEqual(['1: unknown key "pluggins" (did you mean "plugins"?)'])
  })

  it('starts what is needed first, and says what is missing, twice there or needed in a circle', async () => {
    const { plugins, faults } = await read('plugins:\n  - use: needy\n  - use: nightly\n')
    expect([plugins.map(({ id }) => id), faults]).toEqual([['nightly', 'needy'], []])
    expect(await faultsOf('plugins:\n  - use: needy\n')).toEqual(['2: needy needs the plugin nightly, which is not in the list'])
    expect(await faultsOf('plugins:\n  - use: nightly\n  - use: nightly\n')).toEqual(['3: the plugin nightly is in the list twice'])
    const circle = (id: string, needs: string) =>
      `export default { id: "${id}", dependsOn: ["${needs}"], config: { type: "object" }, setup: () => ({}) }`
    expect(
      await faultsOf('plugins:\n  - use: ./a.mjs\n  - use: ./b.mjs\n', { 'a.mjs': circle('a', 'b'), 'b.mjs': circle('b', 'a') }),
    ).toEqual(['2: these plugins need each other: a → b → a', '3: these plugins need each other: b → a → b'])
  })

  it('finds plugins in folders and packages, in JavaScript and TypeScript', async () => {
    const typed =
      'type Nothing = object\nconst none: Nothing = {}\nexport const plugin = { id: "typed", config: { type: "object" }, setup: () => none }'
    const files = {
      'folder/plugin.ts': typed,
      'node_modules/@team/x/package.json': '{"name": "@team/x", "type": "module", "exports": {"import": "./main.js"}}',
      'node_modules/@team/x/main.js': plain,
    }
    const { plugins, faults } = await read('plugins:\n  - use: ./folder\n  - use: "@team/x"\n', files)
    expect([plugins.map(({ id }) => id), faults]).toEqual([['typed', 'plain'], []])
  })

  it.each([
    ['export default 3', 'neither a default export'],
    ['export default { id: "No Name", config: {}, setup() {} }', 'its id is not'],
    ['export default { id: "x", setup() {} }', 'it has no config'],
    ['export default { id: "x", config: {} }', 'it has no setup()'],
    ['throw new Error("not today")', './x.mjs can not be loaded: not today'],
    ['process.exit(0)', './x.mjs can not be loaded: it ends the process when it is loaded'],
    ['export default {', './x.mjs can not be loaded: '],
  ])('refuses what is no plugin: %s', async (source, message) => {
    expect(await faultsOf('plugins:\n  - use: ./x.mjs\n', { 'x.mjs': source })).toEqual([expect.stringContaining(message)])
  })

  it('says so where the file named is not there', async () => {
    await expect(readPlugins(join(dir, 'none.yaml'), builtIn)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('none.yaml'),
    })
  })
})
