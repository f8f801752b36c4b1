import { type Rate, Turns } from './turns.ts'

const rates = {
  request: { burst: 5_000, perSecond: 500 },
  // Notices stay in the log of events, which others read as well and which keeps 200,000: at this rate, no plugin alone drives what
  // was there out of it within a day.
  notice: { burst: 1_000, perSecond: 2, mostWaiting: 1_000 },
  value: { burst: 50_000, perSecond: 5_000 },
  logLine: { burst: 1_000, perSecond: 100 },
} as const satisfies Record<string, Rate>

/** How much of everything a plugin may do. It outlives it being begun anew: whoever floods is not let go on by dying of it. */
export class PluginTurns {
  /** For requests that change something. */
  readonly requests = new Turns(rates.request)
  /** For notices, which are requests, too. */
  readonly notices = new Turns(rates.notice)
  /** For values in its store. */
  readonly values = new Turns(rates.value)
  readonly logLines = new Turns(rates.logLine)
  /** Lines that were not written. */
  droppedLines = 0

  /** For how long it had to wait, ms. */
  get waitedMs(): number {
    return this.requests.waitedMs + this.notices.waitedMs + this.values.waitedMs
  }

  /** What it does too much of, in words; null: of nothing, for a minute. */
  get flood(): string | null {
    const { notices, requests, values, logLines } = this
    const waits = (what: string, turns: Turns, { burst, perSecond }: Rate) =>
      turns.isExceeded
        ? [`${what}: after ${burst} it waits its turn, ${perSecond} a second (${Math.ceil(turns.waitedMs / 1_000)} s so far)`]
        : []
    const faults = [
      ...waits('it tells too many notices', notices, rates.notice),
      ...waits('it changes too much', requests, rates.request),
      ...waits('it stores too much', values, rates.value),
      ...(logLines.isExceeded
        ? [`it logs more than ${rates.logLine.perSecond} lines a second: ${this.droppedLines} were not written`]
        : []),
    ]
    return faults.length === 0 ? null : faults.join('; ')
  }
}
