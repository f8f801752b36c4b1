/** What a process counts, under one name. */
export interface MetricShape {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** Of a histogram: upper bounds in seconds. */
  readonly bounds?: readonly number[]
  readonly labels?: Readonly<Record<string, readonly string[]>>
}

/** A metric and where its numbers are. A histogram has one for each bound, one for what is above, and the sum. */
export interface Metric extends MetricShape {
  readonly offset: number
  readonly size: number
}

/**
 * Where the numbers of a list of metrics are in one flat array: what counting costs is a few additions, workers send theirs
 * as they are, and the sum of several processes is the sum of the arrays.
 */
export class MetricLayout<Key extends string> {
  readonly list: Readonly<Record<Key, Metric>>
  /** How many numbers there are. */
  readonly size: number

  constructor(shapes: Readonly<Record<Key, MetricShape>>) {
    let offset = 0
    const entries = Object.entries<MetricShape>(shapes).map(([key, shape]) => {
      const metric: Metric = { ...shape, offset, size: sizeOf(shape) }
      offset += metric.size
      return [key, metric]
    })
    this.list = Object.fromEntries(entries) as Record<Key, Metric>
    this.size = offset
  }

  /** Of several processes together. */
  sum(all: readonly (readonly number[])[]): number[] {
    const sum: number[] = Array(this.size).fill(0)
    for (const values of all) for (let i = 0; i < this.size; i++) sum[i] = (sum[i] as number) + (values[i] ?? 0)
    return sum
  }
}

const sizeOf = ({ type, bounds = [], labels = {} }: MetricShape): number =>
  type === 'histogram' ? bounds.length + 2 : Object.values(labels).reduce((product, values) => product * values.length, 1)

/** The numbers of one process. */
export class Numbers<Key extends string> {
  readonly values: number[]
  readonly #layout: MetricLayout<Key>

  constructor(layout: MetricLayout<Key>) {
    this.#layout = layout
    this.values = Array(layout.size).fill(0)
  }

  /** @param index of the label's value, where the metric has one label; of several, the last one counts fastest */
  add(key: Key, index = 0, by = 1): void {
    this.plus(this.#layout.list[key].offset + index, by)
  }

  set(key: Key, value: number, index = 0): void {
    this.values[this.#layout.list[key].offset + index] = value
  }

  /** Takes in what a process that has ended had counted; what it had open has ended with it. */
  addCounted(values: readonly number[]): void {
    for (const { type, offset, size } of Object.values<Metric>(this.#layout.list)) {
      if (type === 'gauge') continue
      for (let i = offset; i < offset + size; i++) this.plus(i, values[i] ?? 0)
    }
  }

  time({ offset, size, bounds = [] }: Metric, ms: number): void {
    const seconds = ms / 1_000
    let bucket = 0
    while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket++
    this.plus(offset + bucket, 1)
    this.plus(offset + size - 1, seconds)
  }

  protected plus(at: number, by: number): void {
    this.values[at] = (this.values[at] as number) + by
  }
}
