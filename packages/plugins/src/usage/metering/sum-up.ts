import { mebibyte, minuteMs, type UsageLine, type UsageSpan } from './usage-span.ts'

/** One line for each thing and each owner, name and set of labels that it had. @param spans with an end */
export async function sumUp(spans: AsyncIterable<UsageSpan>): Promise<UsageLine[]> {
  const lines = new Map<string, Sum[]>()
  for await (const span of spans) {
    const key = span.environment === null ? `t/${span.template}` : `e/${span.environment}`
    const sums = lines.get(key) ?? []
    if (sums.length === 0) lines.set(key, sums)
    let sum = sums.find((each) => isSameFace(each.of, span))
    if (sum === undefined) {
      sum = { of: span, svmMinutes: 0, storageMinutes: 0, runningMinutes: 0 }
      sums.push(sum)
    }
    const minutes = ((span.to ?? span.from) - span.from) / minuteMs
    sum.svmMinutes += minutes * span.svms
    sum.storageMinutes += (minutes * span.storageBytes) / mebibyte
    if (span.svms > 0) sum.runningMinutes += minutes
  }
  return [...lines.values()].flat().map(({ of, ...sums }) => {
    const { environment, template, name, owner, labels } = of
    return { environment, template, name, owner, labels, ...sums }
  })
}

interface Sum {
  readonly of: UsageSpan
  svmMinutes: number
  storageMinutes: number
  runningMinutes: number
}

function isSameFace(a: UsageSpan, b: UsageSpan): boolean {
  if (a.name !== b.name || a.owner !== b.owner) return false
  if (a.labels === b.labels) return true
  const keys = Object.keys(a.labels)
  return keys.length === Object.keys(b.labels).length && keys.every((key) => a.labels[key] === b.labels[key])
}
