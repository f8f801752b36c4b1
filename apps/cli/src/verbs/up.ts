import type { CreateEnvironment, EnvironmentPlan } from '@standin/client'
import { type ErrorCode, errorTable, StandinError } from '@standin/client/errors'
import { awaitRunning } from '../arrival.ts'
import type { Context } from '../context.ts'
import { formatElapsed, formatSize } from '../duration.ts'
import { Ending } from '../ending.ts'
import { formatServices, nameOf } from '../environment-text.ts'
import { findHolder, parseEnvironmentName } from '../name.ts'
import { createProgress } from '../progress.ts'
import { defaultTimeoutMs } from '../transition.ts'
import { formatMoney, type HourlyCost, hourlyCost } from '../usage-cost.ts'
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
    { flags: '-n, --name <name>', description: 'a name, besides the configId; default: one is made up', parse: parseEnvironmentName },
    { flags: '-l, --label <key=value>', description: 'a label; may be repeated', parse: parsePair, repeat: true },
    { flags: '-c, --count <n>', description: 'how many clones, at most 100; a name gets -1, -2, …', parse: parseCount(1, 100) },
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
    const bodies = bodiesOf(template, options)
    // One that fails halfway leaves clones behind, so that is found out before.
    if (options.dryRun || bodies.length > 1) await refuseTaken(context, bodies)
    if (options.dryRun) return explainUp(context, template, options)
    const cost = await hourlyCost(context, template, collectPairs(options.label))
    if (cost !== null) context.messages.info(costText(cost, bodies.length))
    const progress = createProgress(context.messages, context.env)
    try {
      const results = await Promise.allSettled(
        bodies.map(async (body) => {
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
      const environments = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
      for (const failure of failures.slice(1)) context.messages.error(failure instanceof Error ? failure.message : String(failure))
      // What was made is told even where others failed.
      const values = environments.map((environment) => ({ ...environment, ...(cost === null ? {} : { cost }) }))
      if (environments.length > 0)
        await context.output.one(bodies.length === 1 ? values[0] : values, () =>
          environments.map((environment) => formatServices(environment)).join('\n'),
        )
      if (failures.length > 0) throw failures[0]
    } finally {
      progress.close()
    }
  },
}

function bodiesOf(template: string, { name, label, count = 1 }: Options): CreateEnvironment[] {
  return Array.from({ length: count }, (_, index) => ({
    template,
    ...(name === undefined ? {} : { name: count === 1 ? name : parseEnvironmentName(`${name}-${index + 1}`) }),
    ...(label === undefined ? {} : { labels: collectPairs(label) }),
  }))
}

/** Said before anything starts. */
function costText({ perHour, currency, svms }: HourlyCost, count: number): string {
  const each = `${formatMoney(perHour, currency)} an hour while it runs (${svms} ${svms === 1 ? 'SVM' : 'SVMs'})`
  return count === 1 ? `It costs ${each}.` : `Each of them costs ${each}, all ${count} together ${formatMoney(perHour * count, currency)}.`
}

/** Who stops waiting is told what happens to what was begun. */
function goesOn(error: unknown, environment: { id: number; name: string }): unknown {
  const next = `\`standin show ${environment.id}\` tells how far it is, \`standin delete ${environment.id}\` removes it.`
  if (error instanceof Ending) return new Ending(error.kind, `Not waited for any longer: ${nameOf(environment)} goes on. ${next}`)
  if (error instanceof StandinError && error.code === 'timeout')
    return new StandinError('timeout', error.message, { hint: `It goes on. ${next}`, cause: error })
  return error
}

/** @throws StandinError `name_taken` before anything is made */
async function refuseTaken(context: Context, bodies: readonly CreateEnvironment[]): Promise<void> {
  const client = await context.connect()
  const names = bodies.flatMap(({ name }) => name ?? [])
  const holders = (await Promise.all(names.map((name) => findHolder(client, name, context.signal)))).flatMap((holder) => holder ?? [])
  if (holders.length === 0) return
  const taken = holders.map((holder) => `${nameOf(holder)}, which is ${holder.state}`).join('; ')
  throw new StandinError('name_taken', `There is ${taken}. Nothing was made.`, { hint: 'Choose another --name, or delete what has it.' })
}

/** @throws StandinError as `up` would where a plugin does not allow it */
async function explainUp(context: Context, ref: string, options: Options): Promise<void> {
  const client = await context.connect()
  const template = await client.templates.get(ref, { signal: context.signal })
  const bodies = bodiesOf(template.ref, options)
  const cost = await hourlyCost(context, template.ref, collectPairs(options.label))
  if (cost !== null) context.messages.info(costText(cost, bodies.length))
  const plan = await client.environments.plan(bodies[0] ?? { template: template.ref }, { signal: context.signal })
  if (plan.refusal !== null) throw refused(plan.refusal)
  const planned = bodies.map((body) => ({ ...body, plan: { ...plan, name: body.name ?? null } }))
  await context.output.one(planned, () => {
    const hosts = plan.hosts.map(formatHost).join(', ')
    const services = template.stack.publish.map(({ service }) => service).join(', ')
    const names = bodies.length === 1 ? bodies[0]?.name : options.name && `${bodies[0]?.name} … ${bodies.at(-1)?.name}`
    const times = bodies.length === 1 ? '' : ` ${bodies.length} times`
    return `Would clone ${template.ref}${times}${names ? ` as ${names}` : ''}: hosts ${hosts}; ${services === '' ? 'no services' : `services ${services}`}.`
  })
}

/** `web ×2 (0.5 CPUs, 512 MiB each)` */
function formatHost({ name, instances, resources: { cpus, memoryBytes } }: EnvironmentPlan['hosts'][number]): string {
  const declared = [...(cpus === null ? [] : [`${cpus} CPUs`]), ...(memoryBytes === null ? [] : [formatSize(memoryBytes)])].join(', ')
  return `${name}${instances === 1 ? '' : ` ×${instances}`}${declared === '' ? '' : ` (${declared}${instances === 1 ? '' : ' each'})`}`
}

function refused({ code, message, hint }: NonNullable<EnvironmentPlan['refusal']>): StandinError {
  return new StandinError(Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'not_admitted', message, hint === null ? {} : { hint })
}
