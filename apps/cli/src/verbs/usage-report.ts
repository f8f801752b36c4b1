import { setTimeout as pause } from 'node:timers/promises'
import type { Problem } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { askPlugin } from '../ask-plugin.ts'
import type { Context } from '../context.ts'
import { download } from '../download.ts'
import { oneLine } from '../one-line.ts'
import { formatTable } from '../table.ts'
import { parsePair, type Verb } from '../verb.ts'

interface Options {
  readonly by?: string[]
  readonly bucket?: string
  readonly from?: string
  readonly to?: string
  readonly timeZone?: string
  readonly where?: (readonly [string, string])[]
  readonly csv?: boolean
  readonly file?: string
}

interface Report {
  readonly currency: string
  readonly columns: readonly string[]
  readonly rows: readonly Readonly<Record<string, string | number | null>>[]
  readonly total: Readonly<Record<string, number>>
}

interface Job {
  readonly id: string
  readonly state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled'
  readonly error: Problem | null
}

const firstPauseMs = 25
const longestPauseMs = 1_000

export const usageReport: Verb<readonly [], Options> = {
  description:
    'SVM-hours, GB-hours and money of a time, this month where none is given. --by may be repeated: environment (the default), owner,\n' +
    'project, template, version, and the labels that the plugin usage has as categories. Rows add up to the total.',
  options: [
    { flags: '--by <what>', description: 'what is told apart; may be repeated', repeat: true },
    { flags: '--bucket <time>', description: 'each hour, day, week or month by itself', choices: ['hour', 'day', 'week', 'month'] },
    { flags: '--from <moment>', description: 'a day, 2026-11-01, or an instant with its offset; default: the first of this month' },
    { flags: '--to <moment>', description: 'the last day, or an instant; default: now' },
    { flags: '--time-zone <zone>', description: 'in which days begin, Europe/Berlin; default: that of the plugin' },
    { flags: '--where <what=value>', description: 'only what has it, e.g. project=shop; may be repeated', parse: parsePair, repeat: true },
    { flags: '--csv', description: 'comma-separated values that a spreadsheet can open safely' },
    { flags: '--file <file>', description: 'write CSV, or with --json JSON, to a file', completes: 'path' },
  ],
  examples: [
    ['standin usage report --by project', 'what each project used this month'],
    [
      'standin usage report --by project --by label:team --bucket day --from 2026-11-01 --to 2026-11-30 --file november.csv',
      'for a spreadsheet',
    ],
    ["standin usage report --by owner --json | jq '.rows[] | {owner, cost}'", 'for a script'],
  ],
  async run(context, _, options) {
    const { output } = context
    const isJson = output.format !== 'table'
    if (options.csv && isJson) throw new StandinError('invalid', '--csv and --output exclude one another.')
    const isCsv = !isJson && (options.csv === true || options.file !== undefined)
    const path = await make(context, options, output.format === 'table' && !isCsv ? 2 : 6)
    if (isCsv || options.file !== undefined) {
      await download(context, `/v1/plugins/usage${path}/content?format=${isCsv ? 'csv' : 'json'}`, options.file)
      if (options.file !== undefined) context.messages.info(`The report is in ${options.file}.`)
      return
    }
    const report = await askPlugin<Report>(context, 'usage', `${path}/content`)
    if (report.rows.length === 0 && !isJson) return context.messages.info('Nothing was used in this time.')
    await output.one(report, () => format(report, output.paint.dim))
  },
}

/** Have it made. @returns where it is */
async function make(context: Context, { by, bucket, from, to, timeZone, where }: Options, decimals: number): Promise<`/${string}`> {
  const given = Object.entries({ by, bucket, from, to, timeZone }).filter(([, value]) => value !== undefined)
  const body = { ...Object.fromEntries(given), ...(where === undefined ? {} : { where: Object.fromEntries(where) }), decimals }
  let job = await askPlugin<Job>(context, 'usage', '/reports', { method: 'POST', body })
  const path: `/${string}` = `/reports/${job.id}`
  for (let wait = firstPauseMs; job.state === 'queued' || job.state === 'running'; wait = Math.min(2 * wait, longestPauseMs)) {
    await pause(wait, undefined, { signal: context.signal })
    job = await askPlugin<Job>(context, 'usage', path)
  }
  if (job.error !== null) throw StandinError.fromProblem(job.error)
  if (job.state === 'cancelled') throw new StandinError('interrupted', 'The report was cancelled.', { hint: 'Ask for it again.' })
  return path
}

const titles: Readonly<Record<string, string>> = { svmHours: 'SVM-HOURS', gbHours: 'GB-HOURS' }

function format({ columns, rows, total, currency }: Report, header: (text: string) => string): string {
  const decimals: Readonly<Record<string, number>> = { svmHours: 1, gbHours: 1, cost: 2 }
  const cell = (row: Readonly<Record<string, string | number | null>>, id: string) => {
    const value = row[id] ?? null
    if (typeof value !== 'number') return value === null ? '-' : oneLine(value)
    return decimals[id] === undefined ? String(value) : value.toFixed(decimals[id])
  }
  const [first = ''] = columns
  return formatTable(
    columns.map((id) => ({
      title: id === 'cost' ? currency : (titles[id] ?? id.replace(/^label:/, '').toUpperCase()),
      value: (row: Readonly<Record<string, string | number | null>>) => cell(row, id),
      align: decimals[id] === undefined ? ('left' as const) : ('right' as const),
    })),
    [...rows, { ...Object.fromEntries(columns.map((id) => [id, ''])), [first]: 'total', ...total }],
    header,
  )
}
