/** Upper bounds in seconds; what is above the last one is counted behind them. */
export const roundTripBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const

/** How long replies took, as a histogram: how many in each bucket, and the sum of all in seconds as the last number. */
export class RoundTrips {
  readonly values: number[] = Array(roundTripBounds.length + 2).fill(0)

  take(ms: number): void {
    const seconds = ms / 1000
    let bucket = 0
    while (bucket < roundTripBounds.length && seconds > (roundTripBounds[bucket] as number)) bucket++
    this.values[bucket] = (this.values[bucket] as number) + 1
    this.values[this.values.length - 1] = (this.values.at(-1) as number) + seconds
  }
}
