import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StandinError } from '@standin/client/errors'
import { parseName } from '../name.ts'
import { newPluginFiles } from '../new-plugin.ts'
import type { Verb } from '../verb.ts'

const packages = fileURLToPath(new URL('../../../../packages', import.meta.url))

export const pluginNew: Verb<readonly [string]> = {
  description:
    'A small plugin that works, with a test of it, in a new folder. The packages that both import are linked to from this Standin;\n' +
    'nothing is installed.',
  arguments: [{ name: '<name>', description: 'its id, and the name of the folder' }],
  examples: [['standin plugin new greeter', './greeter, with plugin.ts and plugin.test.ts']],
  async run(context, [name]) {
    const { messages, output } = context
    const dir = resolve(parseName(name))
    try {
      await mkdir(dir)
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      const why = code === 'EEXIST' ? 'it is there already' : message
      throw new StandinError('invalid', `${dir} can not be made: ${why}.`, { hint: 'Choose another name.', cause })
    }
    const files = newPluginFiles(name)
    for (const [file, text] of Object.entries(files)) await writeFile(join(dir, file), text)
    for (const each of ['client', 'core', 'testing']) {
      const link = join(dir, 'node_modules/@standin', each)
      await mkdir(dirname(link), { recursive: true })
      await symlink(join(packages, each), link)
    }
    await output.one({ dir, files: Object.keys(files) }, () => dir)
    messages.info(
      [
        'Try it:',
        `  (cd ${name} && ${process.execPath} --test)`,
        'Run it: name it in standin.config.yaml, then `standin start --config standin.config.yaml`',
        '  plugins:',
        `    - use: ./${name}`,
      ].join('\n'),
    )
  },
}
