import { Feed } from '../tables/feed.ts'
import { recordEntry } from '../tables/records.ts'
import { type Belongings, type EntryOf, routeEntry } from '../tables/routes.ts'
import { Table } from '../tables/table.ts'
import type { Ground, Provide } from './ground.ts'
import { Tokens } from './tokens.ts'

/** What followers hold. */
export function provideTables(provide: Provide, { config, opened: { database }, place }: Ground): void {
  provide(Tokens.feeds, (get) => {
    const [stacks, queries, aliases, faults] = [get(Tokens.stacks), get(Tokens.queries), get(Tokens.aliases), get(Tokens.faults)]
    const belongingsOf = (id: number): Belongings => ({ aliases: aliases.of(id), faults: faults.of(id) })
    const feed = <E extends object>(entryOf: EntryOf<E>, hasAliases: (entry: E) => boolean) =>
      new Feed({
        table: new Table((record) => entryOf(record, stacks.of(record), config.domain, belongingsOf(record.id)), hasAliases),
        environments: get(Tokens.environments),
        queries,
        events: get(Tokens.events),
        epoch: () => database.epoch,
        place,
      })
    return {
      routes: feed(routeEntry, ({ routes }) => routes.some(({ alias }) => alias === true)),
      records: feed(recordEntry, (entry) => entry.aliases !== undefined),
    }
  })
}
