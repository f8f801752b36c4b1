import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { didYouMean } from '@standin/blueprint'
import { type Fault, StandinError } from '@standin/client'
import type { Plugin } from '@standin/core'
import Type, { type Static } from 'typebox'
import { checkValue } from './check-value.ts'
import { ConfigDocument } from './config-document.ts'
import { fillIn, withoutValues } from './fill-in.ts'
import { type BuiltInPlugins, loadPlugin } from './load-plugin.ts'

/** `standin.config.yaml`. */
const ConfigFile = Type.Object({
  /** In the order in which they start. */
  plugins: Type.Array(
    Type.Object({
      use: Type.String({
        minLength: 1,
        maxLength: 500,
        description: 'A plugin that comes with Standin, a package, or a path beginning with ./ or /',
      }),
      with: Type.Optional(Type.Unknown({ description: "The plugin's configuration" })),
    }),
    { default: [], maxItems: 100 },
  ),
})

export interface ConfiguredPlugin {
  /** That of the plugin; of one that can't be found, what `use` says. */
  readonly id: string
  readonly use: string
  /** Undefined where there are faults. */
  readonly plugin: Plugin | undefined
  readonly config: unknown
  readonly faults: readonly Fault[]
  /**
   * A fault at its place in the file, of what shows only later; absent where it stands in none.
   * @param path a JSON pointer below `with`: `/markdown/0/folder`; empty: of the plugin as a whole
   */
  readonly faultOf?: (message: string, path: string) => Fault
}

export interface ReadPlugins {
  /** Null: there is no file. */
  readonly file: string | null
  /** In the order in which they start. */
  readonly plugins: readonly ConfiguredPlugin[]
  /** Of the whole file, those of the plugins among them, in the order of its lines. */
  readonly faults: readonly Fault[]
}

/**
 * Read the configuration and all plugins that it names; nothing is set up yet. Every fault is told, those of one plugin
 * keep no other from being read.
 * @throws StandinError `invalid` where the file can't be read at all
 */
export async function readPlugins(
  file: string | null,
  builtIn: BuiltInPlugins,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ReadPlugins> {
  if (file === null) return { file, plugins: [], faults: [] }
  const document = new ConfigDocument(readText(file), file)
  if (document.faults.length > 0) return { file, plugins: [], faults: document.faults }
  const { value, faults: found } = checkValue(ConfigFile, plainValue(document) ?? {})
  const faults = found.map(({ path, message, key }) => document.fault(path, message, key))
  // An entry that is not as it should be does not keep the others from being looked at.
  const list = (value as { plugins?: unknown } | null)?.plugins
  const entries = (Array.isArray(list) ? list : []) as Static<typeof ConfigFile>['plugins']
  const indexes = [...entries.keys()].filter((index) => typeof entries[index]?.use === 'string')
  // All at once: nobody waits for one whose file never ends more than once.
  const read = await Promise.all(
    indexes.map((index) => {
      const own = faults.filter((fault) => fault.path.startsWith(`plugins.${index}.`) || fault.path === `plugins.${index}`)
      return readEntry(entries[index] as (typeof entries)[number], index, own)
    }),
  )
  const checked = checkTogether(read, (position, message) => document.fault(['plugins', indexes[position] ?? 0, 'use'], message))
  const all = [...faults, ...checked.flatMap((each) => each.faults.filter((fault) => !faults.includes(fault)))]
  all.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
  return { file, plugins: inOrder(checked), faults: all }

  async function readEntry(entry: (typeof entries)[number], index: number, own: Fault[]): Promise<ConfiguredPlugin> {
    const { use, with: written = {} } = entry
    const { value: given, filledIn, faults: missing } = fillIn(written, dirname(file as string), env)
    let plugin: Plugin
    try {
      plugin = await loadPlugin(use, dirname(file as string), builtIn)
    } catch (error) {
      const fault = document.fault(['plugins', index, 'use'], (error as Error).message)
      return { id: use, use, plugin: undefined, config: undefined, faults: [...own, fault] }
    }
    const checked = checkConfig(plugin, given)
    // What could not be filled in is told once.
    const wrong = checked.faults.filter(({ path }) => !missing.some((each) => each.path.join('.') === path.join('.')))
    const faults = [
      ...missing.map(({ path, message }) => document.fault(['plugins', index, 'with', ...path], message)),
      ...wrong.map(({ path, message, key }) =>
        document.fault(['plugins', index, 'with', ...path], withoutValues(path, message, filledIn), key),
      ),
    ]
    const faultOf = (message: string, path: string) => {
      const keys = path.split('/').slice(1)
      const place = keys.length === 0 ? ['use'] : ['with', ...keys]
      return document.fault(['plugins', index, ...place], withoutValues([], message, filledIn))
    }
    return finish({ id: plugin.id, use, plugin, config: checked.value, faults: [...own, ...faults], faultOf })
  }
}

/** What a plugin makes of a configuration. @throws nothing: a schema that is none is a fault */
function checkConfig(plugin: Plugin, given: unknown): ReturnType<typeof checkValue> {
  try {
    return checkValue(plugin.config, given)
  } catch (error) {
    return {
      value: given,
      faults: [{ path: [], message: `the schema of plugin ${plugin.id} can not be used: ${(error as Error).message}` }],
    }
  }
}

/** A configuration that stands in no file. @returns it with its defaults @throws StandinError `invalid` with every fault */
export function checkPluginConfig(plugin: Plugin, given: unknown): unknown {
  const { value, faults } = checkConfig(plugin, given)
  if (faults.length === 0) return value
  const errors = faults.map(({ path, key, message }) => ({ path: [...path, ...(key === undefined ? [] : [key])].join('.'), message }))
  const words = errors.map(({ path, message }) => `${path === '' ? '' : `${path}: `}${message}`).join('; ')
  throw new StandinError('invalid', `the configuration of plugin ${plugin.id} is not valid: ${words}`, { errors })
}

/** Ids are not taken twice, and what is needed is there. */
function checkTogether(plugins: readonly ConfiguredPlugin[], fault: (position: number, message: string) => Fault): ConfiguredPlugin[] {
  const ids = plugins.map(({ id }) => id)
  return plugins.map((each, index) => {
    const faults = [...each.faults]
    if (ids.indexOf(each.id) < index) faults.push(fault(index, `the plugin ${each.id} is in the list twice`))
    for (const needed of each.plugin?.dependsOn ?? []) {
      if (!ids.includes(needed))
        faults.push(fault(index, `${each.id} needs the plugin ${needed}, which is not in the list${didYouMean(needed, ids)}`))
    }
    const circle = circleFrom(each, plugins)
    if (circle !== null) faults.push(fault(index, `these plugins need each other: ${circle.join(' → ')}`))
    return finish({ ...each, faults })
  })
}

function finish(plugin: ConfiguredPlugin): ConfiguredPlugin {
  return plugin.faults.length === 0 ? plugin : { ...plugin, plugin: undefined }
}

function circleFrom(start: ConfiguredPlugin, plugins: readonly ConfiguredPlugin[]): string[] | null {
  const visit = (id: string, way: readonly string[]): string[] | null => {
    if (way.length > 0 && id === start.id) return [...way, id]
    if (way.includes(id)) return null
    const needs = plugins.find((each) => each.id === id)?.plugin?.dependsOn ?? []
    for (const needed of needs) {
      const found = visit(needed, [...way, id])
      if (found !== null) return found
    }
    return null
  }
  return visit(start.id, [])
}

/** As they stand in the file, but what is needed comes first. */
function inOrder(plugins: readonly ConfiguredPlugin[]): ConfiguredPlugin[] {
  const ordered = new Set<ConfiguredPlugin>()
  const visit = (each: ConfiguredPlugin) => {
    if (ordered.has(each)) return
    for (const needed of each.plugin?.dependsOn ?? []) {
      const found = plugins.find(({ id }) => id === needed)
      if (found !== undefined) visit(found)
    }
    ordered.add(each)
  }
  for (const each of plugins) visit(each)
  return [...ordered]
}

function plainValue(document: ConfigDocument): unknown {
  try {
    return document.value
  } catch (cause) {
    throw new StandinError('invalid', `${document.file} can not be read: ${(cause as Error).message}`, { cause })
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    const why = code === 'ENOENT' ? 'there is no such file' : String(code)
    throw new StandinError('invalid', `the configuration ${file} can not be read: ${why}`, {
      hint: 'Name another file, or make this one',
      cause,
    })
  }
}
