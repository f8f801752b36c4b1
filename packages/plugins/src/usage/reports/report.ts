import { setImmediate } from 'node:timers/promises'
import type { UsageSpan } from '../metering/usage-span.ts'
import { apportion, formatUnits } from '../rates/amount.ts'
import type { Prices } from '../rates/prices.ts'
import { type Sight, wholeSight } from '../sight.ts'
import { type Dimensions, templateNameOf } from './dimensions.ts'
import type { ReportPlan } from './report-request.ts'
import { type ExactRow, UsageSums } from './usage-sums.ts'

/** Reports are kept in memory. */
const mostRows = 200_000
/** Of hours. */
const hourDecimals = 4
/** So many spans, or rows, are worked on before others get their turn. */
const chunk = 2_000

/** Hours and money as decimal text, exact as rounded. */
interface Measures {
  readonly svmHours: string
  readonly gbHours: string
  readonly cost: string
}

interface ReportColumn {
  /** `environment`, `label:team`, `period`, `cost`. */
  readonly id: string
  readonly isNumber: boolean
}

/** What was used, as a table. */
export interface Report {
  readonly from: string
  readonly to: string
  readonly timeZone: string
  readonly currency: string
  readonly columns: readonly ReportColumn[]
  /** A cell for each column; null: there is no such value. The last three are hours and money. */
  readonly rows: readonly (readonly (string | null)[])[]
  readonly total: Measures
}

const measures = ['svmHours', 'gbHours', 'cost'] as const

/**
 * Rows are in the order of periods and, within each, of what they cost. All three measures of the rows add up to those of
 * `total`; how is said at `apportion`.
 * @param sight what it does not hold is not in any sum
 * @throws StandinError `too_large` for too many rows; the signal's reason
 */
export async function makeReport(
  plan: ReportPlan,
  spans: AsyncIterable<UsageSpan>,
  prices: Prices,
  dimensions: Dimensions,
  signal: AbortSignal,
  sight: Sight = wholeSight,
): Promise<Report> {
  const { from, to, periods, timeZone, by, decimals } = plan
  const sums = new UsageSums(by, periods?.edges ?? [from, to], prices, mostRows)
  let count = 0
  for await (const span of spans) {
    if (++count % chunk === 0) await turn(signal)
    if (sight.span(span) && plan.where.every(([dimension, value]) => dimension.valuesOf(span).includes(value))) sums.add(span)
  }
  await turn(signal)

  const { rows: exact, ...denominators } = sums.exact()
  const svm = apportion(
    exact.map((row) => row.svm),
    denominators.svmDenominator,
    hourDecimals,
  )
  await turn(signal)
  const gb = apportion(
    exact.map((row) => row.gb),
    denominators.gbDenominator,
    hourDecimals,
  )
  await turn(signal)
  const cost = apportion(
    exact.map((row) => row.cost),
    denominators.costDenominator,
    decimals,
  )
  await turn(signal)

  const texts = textColumns(plan, dimensions)
  const rows: (string | null)[][] = []
  for (const [index, row] of exact.entries()) {
    if (index % chunk === chunk - 1) await turn(signal)
    rows.push([
      ...texts.map(({ read }) => read(row)),
      formatUnits(svm.rows[index] ?? 0n, hourDecimals),
      formatUnits(gb.rows[index] ?? 0n, hourDecimals),
      formatUnits(cost.rows[index] ?? 0n, decimals),
    ])
  }
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    timeZone,
    currency: prices.currency,
    columns: [...texts.map(({ id }) => ({ id, isNumber: id === 'environment' })), ...measures.map((id) => ({ id, isNumber: true }))],
    rows,
    total: {
      svmHours: formatUnits(svm.total, hourDecimals),
      gbHours: formatUnits(gb.total, hourDecimals),
      cost: formatUnits(cost.total, decimals),
    },
  }
}

interface TextColumn {
  readonly id: string
  read(row: ExactRow): string | null
}

/** The period, what it is told apart by, and what else an environment is known by, as it was last. */
function textColumns({ periods, by }: ReportPlan, dimensions: Dimensions): TextColumn[] {
  const columns: TextColumn[] = periods === null ? [] : [{ id: 'period', read: ({ cell }) => periods.names[cell.period] ?? null }]
  for (const [index, { id }] of by.entries()) {
    if (id === 'environment') columns.push({ id, read: ({ cell }) => cell.group.latest.environment?.toString() ?? null })
    else columns.push({ id, read: ({ cell }) => cell.group.values[index] || null })
  }
  if (!by.some(({ id }) => id === 'environment')) return columns
  const known: Readonly<Record<string, (span: UsageSpan) => string | undefined>> = {
    name: ({ name }) => name,
    owner: ({ owner }) => owner,
    project: ({ labels }) => labels.project,
    template: templateNameOf,
    ...Object.fromEntries(dimensions.categories.map(({ label }) => [`label:${label}`, ({ labels }: UsageSpan) => labels[label]])),
  }
  for (const [id, read] of Object.entries(known)) {
    if (!columns.some((column) => column.id === id)) columns.push({ id, read: ({ cell }) => read(cell.group.latest) || null })
  }
  return columns
}

/** Control has other things to do, too. */
async function turn(signal: AbortSignal): Promise<void> {
  await setImmediate()
  signal.throwIfAborted()
}
