import type { Alias, Environment, Event, SectionList, ServiceFault, Template } from '@standin/client'
import type { StandinClient } from '@standin/client/connect'
import type { Context } from '../context.ts'
import { formatAge, formatSize } from '../duration.ts'
import { formatInstant, idleMs, templateOf } from '../environment-text.ts'
import { faultColumns } from '../fault-text.ts'
import { oneLine, plainLines } from '../one-line.ts'
import { allPages } from '../pages.ts'
import type { Paint } from '../paint.ts'
import { formatSection } from '../section-text.ts'
import { formatPairs, formatTable } from '../table.ts'
import type { Verb } from '../verb.ts'

const shownNotices = 5
/** Of the notices of one environment, a thousand each. */
const mostPages = 20

export const show: Verb<readonly [string]> = {
  description:
    'State and reason, services and their pools, aliases, faults that are injected, every instance with its address and health, where\n' +
    'the template comes from, what plugins have to say of it, and the last notices.',
  arguments: [{ name: '<env>', description: 'name or configId', completes: 'environment' }],
  examples: [
    ['standin show alice', 'everything about it'],
    ['standin show 1001 --json | jq -r .reason.message', 'why it is as it is'],
  ],
  async run(context, [ref]) {
    const client = await context.connect()
    const environment = await client.environments.get(ref, { signal: context.signal })
    const template = context.output.format === 'table' ? await templateBehind(context, client, environment) : null
    const [aliases, faults, sections, notices] = await Promise.all([
      allPages((cursor) => client.aliases.list({ environment: String(environment.id), limit: 1000, cursor }, { signal: context.signal })),
      client.faults.list(environment.id, { signal: context.signal }),
      environment.sections({ signal: context.signal }),
      lastNotices(context, client, environment),
    ])
    const around = { template, aliases, faults, sections, notices }
    await context.output.one({ ...environment, aliases, faults, sections, notices }, () =>
      format(environment, around, context.output.paint, Date.now()),
    )
  },
}

/** It may be deleted by now; the environment does without it. */
async function templateBehind(context: Context, client: StandinClient, { template }: Environment): Promise<Template | null> {
  if (!template) return null
  return client.templates.get(`${template.name}@${template.version}`, { signal: context.signal }).catch(() => null)
}

/** What plugins and people told of it, the last few; the log is read from its beginning. */
async function lastNotices(context: Context, client: StandinClient, { id: environment }: Environment): Promise<Event[]> {
  let last: Event[] = []
  for (let after = 0, page = 0; page < mostPages; page++) {
    const { items } = await client.events.list({ environment, type: 'notice', after, limit: 1000 }, { signal: context.signal })
    last = [...last, ...items].slice(-shownNotices)
    if (items.length < 1000) break
    after = items.at(-1)?.seq ?? after
  }
  return last
}

/** What is shown with it, and asked for apart. */
interface Around {
  readonly template: Template | null
  readonly aliases: readonly Alias[]
  readonly faults: readonly ServiceFault[]
  readonly sections: SectionList['items']
  readonly notices: readonly Event[]
}

function format(environment: Environment, { template, aliases, faults, sections, notices }: Around, paint: Paint, now: number): string {
  const { reason, desired, state } = environment
  const ago = (at: string) => `${formatAge(now - Date.parse(at))} ago`
  const pairs: [string, string][] = [
    ['name', paint.bold(environment.name)],
    ['configId', String(environment.id)],
    [
      'state',
      `${paint.state(state)}${desired === state ? '' : `, wanted ${desired}`}, for ${formatAge(now - Date.parse(environment.stateChangedAt))}`,
    ],
    [
      'reason',
      `${plainLines(reason.message)}\n${paint.dim(`${reason.actor}, ${formatInstant(reason.at)}${reason.code ? `, ${reason.code}` : ''}`)}`,
    ],
    ['template', template ? `${template.ref}\n${paint.dim(provenanceLine(template))}` : templateOf(environment)],
    ['provider', environment.provider],
    ['owner', environment.orphanedAt === null ? environment.owner : `${environment.owner}, who is gone: \`standin give\` names another`],
    ['made', `${formatInstant(environment.createdAt)}, ${ago(environment.createdAt)}`],
    ['used', used(environment, paint, now)],
  ]
  if (environment.storageBytes !== null) pairs.push(['disk', formatSize(environment.storageBytes)])
  const labels = Object.entries(environment.labels)
  if (labels.length > 0) pairs.push(['labels', labels.map(([key, value]) => oneLine(`${key}=${value}`)).join(', ')])
  const { suspendAfterMs } = environment
  if (suspendAfterMs !== null)
    pairs.push(['suspend after', suspendAfterMs === 0 ? 'never for being idle' : `${formatAge(suspendAfterMs)} without a request`])
  if (environment.expiresAt) pairs.push(['lapses', formatInstant(environment.expiresAt)])
  if (environment.purgeAt)
    pairs.push(['in the trash', `until ${formatInstant(environment.purgeAt)}; \`standin undelete ${environment.id}\` brings it back`])
  const tables = [
    services(environment, paint),
    aliasTable(aliases, paint),
    faults.length === 0 ? '' : formatTable(faultColumns(now), faults, paint.dim),
    hosts(environment, paint, now),
    noticeTable(notices, paint),
    ...sections.map((section) => formatSection(section, paint)),
  ]
  return [formatPairs(pairs, paint.dim), ...tables].filter(Boolean).join('\n\n')
}

function used(environment: Environment, paint: Paint, now: number): string {
  const { lastActivity } = environment
  const idle = formatAge(idleMs(environment, now))
  if (lastActivity === null) return `not yet, idle for ${idle}`
  return `${idle} ago${lastActivity.cause === null ? '' : `\n${paint.dim(oneLine(lastActivity.cause))}`}`
}

function services({ services: all }: Environment, paint: Paint): string {
  if (all.length === 0) return ''
  return formatTable(
    [
      { title: 'SERVICE', value: ({ name }) => name },
      { title: 'URL', value: ({ url }) => url },
      {
        title: 'POOL',
        value: ({ endpoints }) => endpoints.map(({ instance, address, port }) => `${instance || address}:${port}`).join(', ') || '-',
      },
    ],
    all.flatMap(({ name, url, endpoints, paths = [] }) => [
      { name, url, endpoints },
      ...paths.map((each) => ({ name: `${name}${each.path}`, url: new URL(each.path, url).href, endpoints: each.endpoints })),
    ]),
    paint.dim,
  )
}

function aliasTable(aliases: readonly Alias[], paint: Paint): string {
  if (aliases.length === 0) return ''
  return formatTable(
    [
      { title: 'ALIAS', value: ({ url }) => url },
      { title: 'SERVICE', value: ({ service }) => service },
    ],
    aliases,
    paint.dim,
  )
}

function noticeTable(notices: readonly Event[], paint: Paint): string {
  if (notices.length === 0) return ''
  return formatTable(
    [
      { title: 'NOTICE', value: ({ data }) => oneLine(String(data.kind)) },
      { title: 'TOLD', value: ({ at }) => formatInstant(at) },
      { title: 'BY', value: ({ actor }) => actor },
      { title: 'MESSAGE', value: ({ data }) => oneLine(String(data.message)) },
    ],
    notices,
    paint.dim,
  )
}

function hosts({ hosts: all }: Environment, paint: Paint, now: number): string {
  const rows = all.flatMap((host) => host.instances.map((instance) => ({ host, instance })))
  if (rows.length === 0) return ''
  return formatTable(
    [
      { title: 'INSTANCE', value: ({ instance }) => instance.name },
      { title: 'ADDRESS', value: ({ instance }) => instance.address },
      { title: 'STATE', value: ({ instance }) => paint.state(instance.state) },
      { title: 'HEALTH', value: ({ instance }) => (instance.health === 'none' ? '-' : paint.state(instance.health)) },
      { title: 'FOR', value: ({ instance }) => formatAge(now - Date.parse(instance.since)), align: 'right' },
      { title: 'RESTARTS', value: ({ instance }) => String(instance.restarts), align: 'right' },
      { title: 'NAME', value: ({ host, instance }) => `${instance.name}${host.fqdn.slice(host.name.length)}` },
      { title: 'WHY', value: ({ instance }) => instance.reason ?? ending(instance) },
    ],
    rows,
    paint.dim,
  )
}

function ending({ exitCode, signal }: { exitCode: number | null; signal: string | null }): string {
  if (signal) return `ended by ${signal}`
  return exitCode === null ? '' : `exit code ${exitCode}`
}

export function provenanceLine({ provenance, createdAt, sizeBytes }: Template): string {
  const checks =
    provenance.checks.length === 0 ? '' : `, ${provenance.checks.filter(({ ok }) => ok).length}/${provenance.checks.length} checks passed`
  return `build ${provenance.build} by ${provenance.actor}, ${formatInstant(createdAt)}, blueprint ${provenance.blueprintHash.slice(0, 12)}, ${formatSize(sizeBytes)}${checks}`
}
