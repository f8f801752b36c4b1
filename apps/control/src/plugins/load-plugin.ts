import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire, findPackageJSON } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { didYouMean } from '@standin/blueprint'
import { namePattern, scopes } from '@standin/client'
import type { Plugin } from '@standin/core'
import { whyNotImport } from './try-import.ts'

export type BuiltInPlugins = Readonly<Record<string, () => Promise<Plugin>>>

/**
 * The plugin that `use` names: one that comes with Standin, a package, or a file or folder.
 * @param dir where the configuration is: paths and packages are looked for from there
 * @throws Error whose message says what is wrong with `use`
 */
export async function loadPlugin(use: string, dir: string, builtIn: BuiltInPlugins): Promise<Plugin> {
  if (Object.hasOwn(builtIn, use)) return checkShape(await builtIn[use]?.(), use)
  if (/^\.{0,2}\//.test(use)) return importFrom(fileOf(resolve(dir, use), use), use)
  return importFrom(packageEntry(use, dir, Object.keys(builtIn)), use)
}

async function importFrom(file: string, use: string): Promise<Plugin> {
  const never = await whyNotImport(file)
  if (never !== null) throw new Error(`${use} can not be loaded: ${never}`)
  let module: { default?: unknown; plugin?: unknown }
  try {
    module = (await import(pathToFileURL(file).href)) as typeof module
  } catch (cause) {
    throw new Error(`${use} can not be loaded: ${placeOf(cause)}${firstLine(cause)}`, { cause })
  }
  return checkShape(module.default ?? module.plugin, use)
}

const entries = ['plugin.ts', 'plugin.js', 'plugin.mjs', 'src/plugin.ts', 'index.ts', 'index.js', 'index.mjs']

function fileOf(path: string, use: string): string {
  if (!existsSync(path)) throw new Error(`there is no ${use}: ${path} does not exist`)
  if (!statSync(path).isDirectory()) return path
  const main = existsSync(join(path, 'package.json')) ? mainOf(join(path, 'package.json')) : null
  const found = [...(main === null ? [] : [main]), ...entries].map((entry) => join(path, entry)).find((file) => existsSync(file))
  if (found === undefined)
    throw new Error(`${use} is a folder without a plugin: it has no package.json with "exports", and none of ${entries.join(', ')}`)
  return found
}

function packageEntry(use: string, dir: string, builtIn: readonly string[]): string {
  const from = join(dir, 'standin.config.yaml')
  try {
    return createRequire(from).resolve(use)
  } catch {
    // A package for `import` alone: its own file says where it begins.
    const manifest = manifestOf(use, from)
    const main = manifest === undefined ? null : mainOf(manifest)
    if (manifest !== undefined && main !== null) return resolve(manifest, '..', main)
    const hint = didYouMean(use, builtIn)
    const known = builtIn.length === 0 ? '' : `; those that come with Standin are ${builtIn.join(', ')}`
    throw new Error(
      `there is no plugin ${use}${hint}: it is neither one that comes with Standin nor a package that can be found from ${dir}${hint === '' ? known : ''}`,
    )
  }
}

function manifestOf(use: string, from: string): string | undefined {
  try {
    return findPackageJSON(use, pathToFileURL(from))
  } catch {
    return undefined
  }
}

/** `exports["."]` for `import`, else `main`. */
function mainOf(manifest: string): string | null {
  const { exports, main } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports?: unknown; main?: string }
  let entry: unknown = exports
  for (let depth = 0; depth < 4 && typeof entry === 'object' && entry !== null; depth++) {
    const choices = entry as Record<string, unknown>
    entry = choices['.'] ?? choices.import ?? choices.node ?? choices.default
  }
  return typeof entry === 'string' ? entry : (main ?? null)
}

/** Whether it is a plugin at all, whatever its types promised. */
function checkShape(plugin: unknown, use: string): Plugin {
  if (typeof plugin !== 'object' || plugin === null)
    throw new Error(`${use} is no plugin: its module has neither a default export nor one called plugin that is an object`)
  const { id, config, scope, dependsOn, setup } = plugin as Partial<Record<keyof Plugin, unknown>>
  const wrong =
    typeof id !== 'string' || !new RegExp(namePattern).test(id)
      ? 'its id is not a lower-case DNS label'
      : typeof config !== 'object' || config === null
        ? 'it has no config, the schema of its configuration'
        : typeof setup !== 'function'
          ? 'it has no setup()'
          : scope !== undefined && !(scopes as readonly unknown[]).includes(scope)
            ? `its scope is not one of ${scopes.join(', ')}`
            : dependsOn !== undefined && !(Array.isArray(dependsOn) && dependsOn.every((each) => typeof each === 'string'))
              ? 'its dependsOn is not a list of ids'
              : null
  if (wrong !== null) throw new Error(`${use} is no plugin: ${wrong}`)
  return plugin as Plugin
}

/** `/plugins/greeter/plugin.ts:7: ` where the stack begins with where the syntax is wrong, as Node has it for TypeScript. */
function placeOf(error: unknown): string {
  const place = /^(?:file:\/\/)?(\/\S+:\d+)\n/.exec(String((error as Error)?.stack ?? ''))?.[1]
  return place === undefined ? '' : `${decodeURI(place)}: `
}

function firstLine(error: unknown): string {
  return String((error as Error)?.message ?? error).split('\n')[0] ?? ''
}
