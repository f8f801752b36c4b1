import type { Environment, EnvironmentState } from '@standin/client'
import type { StandinClient } from '@standin/client/connect'
import { StandinError } from '@standin/client/errors'
import type { Context } from '../context.ts'
import { costColumn, listColumns, trashColumns } from '../environment-text.ts'
import { type Column, formatTable } from '../table.ts'
import { requireTemplate } from '../template-presence.ts'
import { costsSoFar } from '../usage-cost.ts'
import type { Verb } from '../verb.ts'

/** The API's own list is part of its schemas, which take longer to load than this verb runs; a test compares the two. */
export const states = [
  'starting',
  'running',
  'suspending',
  'suspended',
  'resuming',
  'stopping',
  'stopped',
  'snapshotting',
  'deleting',
  'deleted',
  'failed',
] as const satisfies readonly EnvironmentState[]

interface Options {
  readonly state?: EnvironmentState
  readonly label?: string[]
  readonly template?: string
  readonly owner?: string
  readonly orphaned?: boolean
  readonly deleted?: boolean
  readonly watch?: boolean
}

export const list: Verb<readonly [], Options> = {
  description:
    'Newest first. IDLE is the time since somebody last used it, INSTANCES how many serve, of all; CPU is in cores.\n' +
    'COST is what it has cost so far, where the plugin usage has rates.',
  options: [
    { flags: '--state <state>', description: 'only those in this state', choices: states },
    { flags: '-l, --label <key=value>', description: 'only those with this label; may be repeated', parse: parseLabel, repeat: true },
    { flags: '--template <template>', description: 'only clones of shop, or of shop@7', completes: 'template' },
    { flags: '--owner <owner>', description: 'only those of this owner' },
    { flags: '--orphaned', description: 'only those whose owner was deactivated and that nobody was given' },
    { flags: '--deleted', description: 'what is in the trash' },
    { flags: '-w, --watch', description: 'go on, and show every change' },
  ],
  examples: [
    ['standin list', 'all'],
    ['standin list --state running --template shop', 'clones of shop that run'],
    ["standin list --json | jq -r '.[].name'", 'names, for a script'],
  ],
  async run(context, _, options) {
    const client = await context.connect()
    if (options.watch) return watch(context, client, options)
    const environments = await read(context, client, options)
    if (environments.length === 0 && options.template !== undefined) await requireTemplate(context, options.template)
    await show(context, environments, options)
  },
}

async function read(
  context: Context,
  client: StandinClient,
  { state, label, template, owner, orphaned, deleted }: Options,
): Promise<Environment[]> {
  const query = { limit: 1000, state, label, template, owner, orphaned, deleted, stats: deleted ? undefined : true }
  const environments: Environment[] = []
  for await (const environment of client.environments.iterate(query, { signal: context.signal })) environments.push(environment)
  return environments
}

async function show(context: Context, environments: readonly Environment[], options: Options): Promise<void> {
  const { output, messages } = context
  if (environments.length === 0 && output.format === 'table') return messages.info(emptyHint(options))
  const { rows, columns } = await tableOf(context, environments, options)
  await output.list(rows, columns)
}

/** With what each has cost so far, where that is known and asked for. */
async function tableOf(
  context: Context,
  environments: readonly Environment[],
  { deleted }: Options,
): Promise<{ rows: readonly Environment[]; columns: readonly Column<Environment>[] }> {
  if (deleted) return { rows: environments, columns: trashColumns(Date.now()) }
  const columns = listColumns(context.output.paint, Date.now())
  const costs = await costsSoFar(
    context,
    environments.map(({ id }) => id),
  )
  if (costs.size === 0) return { rows: environments, columns }
  const rows = environments.map((environment) => ({ ...environment, cost: costs.get(environment.id) }))
  return { rows, columns: [...columns, costColumn(costs)] }
}

function emptyHint({ state, label, template, owner, orphaned, deleted }: Options): string {
  if (deleted) return 'The trash is empty.'
  if (state ?? label ?? template ?? owner ?? orphaned) return 'There is none of these.'
  return 'There is no environment yet: `standin up TEMPLATE` makes one.'
}

/** On a terminal the table is drawn anew; elsewhere each change is an element of a stream. */
async function watch(context: Context, client: StandinClient, options: Options): Promise<void> {
  const { output, stdout, signal } = context
  const live = stdout.isTTY === true && output.format === 'table'
  let environments = await read(context, client, options)
  const draw = async () => {
    const { rows, columns } = await tableOf(context, environments, options)
    stdout.write(`\u001b[H\u001b[2J${formatTable(columns, rows, output.paint.dim)}\n`)
  }
  const tell = async (some: readonly Environment[]) => {
    const { rows, columns } = await tableOf(context, some, options)
    for (const row of rows) await output.element(row, () => columns.map((column) => column.value(row)).join('  '))
  }
  await (live ? draw() : tell(environments))
  const after = Math.max(0, ...environments.map(({ revision }) => revision))
  let next = Date.now() + 1000
  let pending: NodeJS.Timeout | undefined
  for await (const event of client.events.follow({ after, signal })) {
    if (event.environment === null || !event.type.startsWith('environment.')) continue
    if (!live) {
      if (event.type === 'environment.progress') continue
      const changed = await client.environments.get(event.environment, { signal }).catch(() => null)
      if (changed) await tell([changed])
      continue
    }
    // A burst of events is one look at the whole.
    pending ??= setTimeout(
      async () => {
        pending = undefined
        next = Date.now() + 1000
        environments = await read(context, client, options).catch(() => environments)
        await draw().catch(() => {})
      },
      Math.max(50, next - Date.now()),
    )
  }
  clearTimeout(pending)
  signal.throwIfAborted()
}

function parseLabel(text: string): string {
  if (text.indexOf('=') < 1) throw new StandinError('invalid', `'${text}' is not of the form key=value.`)
  return text
}
