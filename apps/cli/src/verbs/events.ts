import type { Event, ServiceFault } from '@standin/client'
import { formatElapsed } from '../duration.ts'
import { formatInstant } from '../environment-text.ts'
import { formatFault, formatShare } from '../fault-text.ts'
import { oneLine } from '../one-line.ts'
import type { Paint } from '../paint.ts'
import { lookUp } from '../transition.ts'
import { parseCount, type Verb } from '../verb.ts'

interface Options {
  readonly follow?: boolean
  readonly after?: number
  readonly tail?: number
  readonly type?: Event['type']
}

/** The client's own list comes with its schemas, which take longer to load than this verb runs; a test compares the two. */
export const kindsOfEvents = [
  'environment.created',
  'environment.desired',
  'environment.state',
  'environment.changed',
  'environment.progress',
  'environment.purged',
  'build.started',
  'build.phase',
  'build.progress',
  'build.finished',
  'template.created',
  'template.deleted',
  'channel.set',
  'alias.set',
  'alias.deleted',
  'fault.added',
  'fault.removed',
  'notice',
  'token.created',
  'token.revoked',
  'user.created',
  'user.changed',
  'user.deactivated',
  'user.activated',
  'user.deleted',
  'group.created',
  'group.changed',
  'group.deleted',
  'role.granted',
  'role.changed',
  'role.revoked',
] as const satisfies readonly Event['type'][]

const pageSize = 1000
const defaultTail = 50

export const events: Verb<readonly [string | undefined], Options> = {
  description: 'Every change has its number, its actor and its reason. --after goes on where an earlier call ended.',
  arguments: [{ name: '[env]', description: 'only of this environment', completes: 'environment' }],
  options: [
    { flags: '-f, --follow', description: 'go on with what happens' },
    { flags: '--after <number>', description: 'only later ones', parse: parseCount(0) },
    { flags: '-n, --tail <count>', description: `only the last so many (default: ${defaultTail}; all with --after)`, parse: parseCount(0) },
    { flags: '--type <type>', description: 'only what is of this type', choices: kindsOfEvents },
  ],
  examples: [
    ['standin events', 'what happened last'],
    ['standin events alice -f', 'what happens to one environment'],
    ['standin events --type user.deactivated', 'who left'],
    ['standin events --after 4711 --json', 'for a script that goes on where it stopped: JSON Lines'],
  ],
  async run(context, [ref], { follow, after, tail, type }) {
    const { signal, output } = context
    const client = await context.connect()
    const environment = ref === undefined ? undefined : (await lookUp(context, [ref]))[0]?.id
    const print = (event: Event) => output.element(event, () => formatEvent(event, output.paint))

    const last: Event[] = []
    const keep = tail ?? (after === undefined ? defaultTail : Number.POSITIVE_INFINITY)
    let seen = after ?? 0
    for (;;) {
      const { items } = await client.events.list({ after: seen, environment, type, limit: pageSize }, { signal })
      last.push(...items)
      if (last.length > keep) last.splice(0, last.length - keep)
      seen = items.at(-1)?.seq ?? seen
      if (items.length < pageSize) break
    }
    for (const event of last) await print(event)
    if (!follow) return
    for await (const event of client.events.follow({ after: seen, environment, type, signal })) await print(event)
    signal.throwIfAborted()
  },
}

export function formatEvent(event: Event, paint: Paint): string {
  const about = event.environment === null ? (event.build === null ? '' : `build ${event.build}`) : String(event.environment)
  return [
    paint.dim(formatInstant(event.at)),
    paint.dim(String(event.seq).padStart(6)),
    about.padStart(5),
    event.type,
    describe(event, paint),
    paint.dim(`(${event.actor})`),
  ]
    .filter(Boolean)
    .join('  ')
}

/** What the table in the schema of events says each type has. */
function describe({ type, data }: Event, paint: Paint): string {
  const text = (key: string) => (data[key] === null || data[key] === undefined ? '' : oneLine(String(data[key])))
  const reason = oneLine((data.reason as { message?: string } | undefined)?.message ?? '')
  switch (type) {
    case 'environment.created':
      return [text('name'), text('template') && `from ${text('template')}`].filter(Boolean).join(' ')
    case 'environment.state':
    case 'environment.desired':
      return `${text('from')} → ${paint.state(text('to'))}${reason ? `: ${reason}` : ''}`
    case 'environment.changed':
      return Array.isArray(data.fields) ? data.fields.join(', ') : ''
    case 'environment.progress':
    case 'build.progress':
    case 'build.phase': {
      const took = typeof data.durationMs === 'number' ? ` ${formatElapsed(data.durationMs)}` : ''
      const message = text('message') ? `: ${text('message')}` : ''
      return `${[text('phase'), text('host'), text('step'), text('status')].filter(Boolean).join(' ')}${took}${message}`
    }
    case 'channel.set':
      return `${text('template')}:${text('channel')} ${text('from')} → ${text('to')}`
    case 'alias.set':
      return `${text('host')} → ${text('service') || 'main service'}${text('from') && text('from') !== text('to') ? `, before ${text('from')}` : ''}`
    case 'fault.added':
    case 'fault.removed': {
      const fault = data.fault as ServiceFault
      const why = text('reason') ? `, ${text('reason')}` : ''
      return `${fault.id}: ${formatFault(fault)} of ${fault.service}, ${formatShare(fault)}${why}`
    }
    default:
      return Object.entries(data)
        .filter(([, value]) => value !== null && typeof value !== 'object')
        .map(([key, value]) => oneLine(`${key}=${value}`))
        .join(' ')
  }
}
