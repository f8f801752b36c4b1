import type { CreateEnvironment } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { awaitRunning } from '../arrival.ts'
import type { Context } from '../context.ts'
import { formatElapsed } from '../duration.ts'
import { Ending } from '../ending.ts'
import { formatServices, nameOf } from '../environment-text.ts'
import { createProgress } from '../progress.ts'
import { defaultTimeoutMs } from '../transition.ts'
import { collectPairs, dryRunOption, noWaitOption, parseCount, parsePair, timeoutOption, type Verb } from '../verb.ts'

interface Options {
  readonly name?: string
  readonly label?: (readonly [string, string])[]
  readonly count?: number
  readonly timeout?: number
  readonly wait: boolean
  readonly dryRun?: boolean
}

export const up: Verb<readonly [string], Options> = {
  description: 'Waits until the clone runs, and prints the URLs of its services.',
  arguments: [{ name: '<template>', description: 'shop (its latest version), shop@7 or shop:stable', completes: 'template' }],
  options: [
    { flags: '-n, --name <name>', description: 'a name, besides the configId; default: one is made up' },
    { flags: '-l, --label <key=value>', description: 'a label; may be repeated', parse: parsePair, repeat: true },
    { flags: '-c, --count <n>', description: 'how many clones; a name gets -1, -2, …', parse: parseCount(1) },
    noWaitOption,
    { ...timeoutOption, description: 'how long to wait (default: 5m); the clone goes on' },
    dryRunOption,
  ],
  examples: [
    ['standin up shop', 'a clone of the latest version'],
    ['standin up shop:stable --name alice --label ticket=4711', 'of a channel, with a name and a label'],
    ['curl "$(standin url "$(standin up shop --json | jq .id)")"', 'for a script'],
  ],
  async run(context, [template], options) {
    const client = await context.connect()
    if (options.dryRun) return explainUp(context, template, options)
    const progress = createProgress(context.messages, context.env)
    try {
      const environments = await Promise.all(
        bodiesOf(template, options).map(async (body) => {
          const startedAt = performance.now()
          const environment = await client.environments.create(body, { signal: context.signal })
          const created = environment.revision
          progress.say(`${nameOf(environment)} is being cloned from ${template}.`)
          if (options.wait) {
            await awaitRunning(context, client, environment, created, progress, options.timeout ?? defaultTimeoutMs).catch((error) => {
              throw goesOn(error, environment)
            })
            progress.say(`${nameOf(environment)} is ${environment.state}, after ${formatElapsed(performance.now() - startedAt)}.`)
          }
          return environment
        }),
      )
      progress.close()
      await context.output.one(environments.length === 1 ? environments[0] : environments, () =>
        environments.map((environment) => formatServices(environment)).join('\n'),
      )
    } finally {
      progress.close()
    }
  },
}

function bodiesOf(template: string, { name, label, count = 1 }: Options): CreateEnvironment[] {
  return Array.from({ length: count }, (_, index) => ({
    template,
    ...(name === undefined ? {} : { name: count === 1 ? name : `${name}-${index + 1}` }),
    ...(label === undefined ? {} : { labels: collectPairs(label) }),
  }))
}

/** Who stops waiting is told what happens to what was begun. */
function goesOn(error: unknown, environment: { id: number; name: string }): unknown {
  const next = `\`standin show ${environment.id}\` tells how far it is, \`standin delete ${environment.id}\` removes it.`
  if (error instanceof Ending) return new Ending(error.kind, `Not waited for any longer: ${nameOf(environment)} goes on. ${next}`)
  if (error instanceof StandinError && error.code === 'timeout')
    return new StandinError('timeout', error.message, { hint: `It goes on. ${next}`, cause: error })
  return error
}

async function explainUp(context: Context, ref: string, options: Options): Promise<void> {
  const template = await (await context.connect()).templates.get(ref, { signal: context.signal })
  const bodies = bodiesOf(template.ref, options)
  await context.output.one(bodies, () =>
    bodies
      .map(({ name }) => {
        const hosts = template.stack.hosts.map((host) => `${host.name}${host.replicas === 1 ? '' : ` ×${host.replicas}`}`).join(', ')
        const services = template.stack.publish.map(({ service }) => service).join(', ')
        return `Would clone ${template.ref}${name ? ` as ${name}` : ''}: hosts ${hosts}; ${services === '' ? 'no services' : `services ${services}`}.`
      })
      .join('\n'),
  )
}
