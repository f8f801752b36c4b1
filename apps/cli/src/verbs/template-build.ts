import { findBlueprint, fromHere, placed } from '../blueprint-place.ts'
import { awaitBuild, upload } from '../build.ts'
import { formatElapsed, formatSize } from '../duration.ts'
import { formatFault } from '../messages.ts'
import { parseName } from '../name.ts'
import { createProgress } from '../progress.ts'
import { dryRunOption, timeoutOption, type Verb } from '../verb.ts'
import { formatChecks } from './template-show.ts'

interface Options {
  readonly name?: string
  readonly channel?: string
  readonly provider?: string
  readonly keepFailed?: boolean
  readonly wait: boolean
  readonly timeout?: number
  readonly dryRun?: boolean
}

export const templateBuild: Verb<readonly [string | undefined], Options> = {
  description:
    'Provision, bootstrap, configure, bake: the files of the hosts are made, the services started and filled with the fixtures, the\n' +
    'running application is driven and checked, then everything is stopped and kept as the next version. The channel latest moves to it.',
  arguments: [{ name: '[path]', description: "the blueprint's folder or its Compose file (default: here)", completes: 'path' }],
  options: [
    { flags: '-n, --name <name>', description: "of the template (default: the blueprint's)", parse: parseName },
    { flags: '-c, --channel <channel>', description: 'move this channel to the new version, too', parse: parseName },
    { flags: '--provider <id>', description: 'where it is built and will run (default: process)' },
    { flags: '--keep-failed', description: 'leave the environment for a look when the build fails' },
    { flags: '--no-wait', description: 'answer as soon as the blueprint is there' },
    { ...timeoutOption, description: 'how long to wait (default: until it ends); the build goes on' },
    dryRunOption,
  ],
  examples: [
    ['standin template build examples/shop', 'the next version of shop'],
    ['standin template build examples/shop --channel stable', 'and make it what shop:stable means'],
    ['standin template build . --keep-failed', 'to find out why it fails: the environment stays'],
  ],
  async run(context, [path = '.'], { name, channel, provider, keepFailed, wait, timeout, dryRun }) {
    const { messages, output } = context
    const place = await findBlueprint(path)
    const startedAt = performance.now()
    const { packBlueprint } = await import('@standin/blueprint')
    const progress = createProgress(messages, context.env)
    try {
      const packed = await packBlueprint({ environment: context.env, ...place, ...(provider === undefined ? {} : { provider }) })
      for (const warning of fromHere(place.dir, packed.warnings)) messages.warn(formatFault(warning))
      if (dryRun) {
        packed.stream.destroy()
        await output.one({ file: packed.file, paths: packed.paths }, () =>
          [`Would send, for ${name ?? packed.stack.name}:`, ...packed.paths].join('\n'),
        )
        return
      }
      const client = await context.connect()
      const { build, bytes } = await upload(client, packed.stream, { name, channel, provider, keepFailed }, context.signal)
      progress.say(`Build ${build.id} of ${build.name}: ${packed.paths.length} files and folders, ${formatSize(bytes)} sent.`)
      if (!wait) {
        await output.one(build, () => `build ${build.id}`)
        return
      }
      const template = await awaitBuild(context, client, build, progress, timeout)
      progress.say(
        `${template.ref} is baked, after ${formatElapsed(performance.now() - startedAt)}. \`standin up ${template.name}\` clones it.`,
      )
      progress.close()
      await output.one(template, () => [template.ref, formatChecks(template, output.paint)].filter(Boolean).join('\n\n'))
    } catch (error) {
      progress.close()
      throw placed(place.dir, error)
    }
  },
}
