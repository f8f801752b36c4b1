import { didYouMean } from '@standin/blueprint'
import { StandinError } from '@standin/client'
import { type BuiltInPlugins, loadPlugin } from './load-plugin.ts'
import { type ConfiguredPlugin, checkPluginConfig, readPlugins } from './read-plugins.ts'

type ReadPlugin = ConfiguredPlugin & { readonly plugin: NonNullable<ConfiguredPlugin['plugin']> }

/**
 * One plugin, to run it on its own.
 * @param name its id, or what `use` says of it
 * @param file a standin.config.yaml that has it among others; null: with the defaults of its configuration
 * @param dir where a path or a package is looked for without a file
 * @throws StandinError `invalid` with every fault of this plugin
 */
export async function readOnePlugin(name: string, file: string | null, dir: string, builtIn: BuiltInPlugins): Promise<ReadPlugin> {
  if (file === null) return withDefaults(name, dir, builtIn)
  const { plugins, faults } = await readPlugins(file, builtIn)
  const found = plugins.find(({ id, use }) => use === name || id === name)
  if (found === undefined && plugins.length > 0) {
    const ids = plugins.map(({ id }) => id)
    throw new StandinError('invalid', `${file} has no plugin ${name}${didYouMean(name, ids)}`, { hint: `It has ${ids.join(', ')}` })
  }
  if (found?.plugin !== undefined) return { ...found, plugin: found.plugin }
  const errors = found?.faults ?? faults
  const words =
    errors.length === 0
      ? `${file} has no plugins`
      : `the configuration of ${name} is not valid: ${errors.map(({ message }) => message).join('; ')}`
  throw new StandinError('invalid', words, { errors, hint: '`standin plugin check FILE` tells every fault of a file' })
}

async function withDefaults(use: string, dir: string, builtIn: BuiltInPlugins): Promise<ReadPlugin> {
  try {
    const plugin = await loadPlugin(use, dir, builtIn)
    return { id: plugin.id, use, plugin, config: checkPluginConfig(plugin, {}), faults: [] }
  } catch (error) {
    if (error instanceof StandinError) throw error
    throw new StandinError('invalid', (error as Error).message, { cause: error })
  }
}
