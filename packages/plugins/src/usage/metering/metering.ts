import type { LostEvents, PluginCall, PluginContext, PluginHooks } from '@standin/core'
import { Anchor, anchorAfter } from './anchor.ts'
import { Book } from './book.ts'
import { BookLedger } from './book-ledger.ts'
import { ClosedMonths } from './closed-months.ts'
import { Closing } from './closing.ts'
import { KnownThings } from './known-things.ts'
import { Meter, meteredEvents } from './meter.ts'
import type { MeteringConfig } from './metering-config.ts'
import type { Ledger } from './usage-span.ts'

/** What of the hooks metering needs. */
export type MeteringHooks = Required<Pick<PluginHooks, 'eventTypes' | 'eventsFrom' | 'onEvent' | 'onEventsLost' | 'schedules'>> & {
  readonly start: (signal: AbortSignal) => Promise<void>
}

/** Of the 256 MiB of a plugin: the rest is for months that are not compacted yet, and for what others of this plugin keep. */
const mostBytes = 176 << 20

/**
 * Meters from events. The ledger has something in it once `start` has returned.
 * @param room bytes for the details of closed months
 */
export function metering(
  context: PluginContext,
  config: MeteringConfig,
  room = mostBytes,
): { readonly ledger: Ledger; readonly hooks: MeteringHooks } {
  const { client, clock, log, store } = context
  const book = new Book(store)
  const things = new KnownThings(client, config.defaultSize)
  const meter = new Meter(book, things, log)
  const anchor = new Anchor(client, book, things)
  const closed = new ClosedMonths(store, book)
  const ledger = new BookLedger(book, closed, clock)
  const closing = new Closing({ context, config, book, meter, ledger, closed, mostBytes: room })
  return {
    ledger,
    hooks: {
      start: async (signal) => {
        await book.load()
        if (book.cursor !== null) return
        const point = await anchorAfter(client, 0, clock.now(), signal)
        await anchor.begin(point, signal)
        log.info({ after: point.seq }, `metering begins at ${new Date(point.at).toISOString()}, with the oldest event that is kept`)
      },
      eventTypes: meteredEvents,
      // The log is exact about the past, as far as it goes back.
      eventsFrom: 'beginning',
      onEvent: (event, { signal }) => meter.handle(event, signal),
      onEventsLost: async ({ from, to }: LostEvents, { signal }: PluginCall) => {
        await book.load()
        if (to <= (book.cursor?.seq ?? 0)) return
        const gap = await anchor.afterGap(await anchorAfter(client, to, clock.now(), signal), from, signal)
        const times = `${new Date(gap.from).toISOString()} and ${new Date(gap.to).toISOString()}`
        log.warn(
          { ...gap },
          `events are missing between ${times}: ${gap.environments} environments may be billed too little, none is billed too much`,
        )
      },
      schedules: [{ id: 'close', cron: '10 * * * *', run: ({ signal, print }) => closing.run(signal, print) }],
    },
  }
}
