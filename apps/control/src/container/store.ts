import { Aliases } from '../store/aliases.ts'
import { Builds } from '../store/builds.ts'
import { EnvironmentQueries } from '../store/environment-queries.ts'
import { Environments } from '../store/environments.ts'
import { EventLog } from '../store/events.ts'
import { Faults } from '../store/faults.ts'
import { IdempotencyKeys } from '../store/idempotency.ts'
import { Stacks } from '../store/stacks.ts'
import { Templates } from '../store/templates.ts'
import type { Ground, Provide } from './ground.ts'
import { Tokens } from './tokens.ts'

/** What is kept on disk. */
export function provideStore(provide: Provide, { opened: { database }, now }: Ground): void {
  provide(Tokens.database, () => database)
  provide(Tokens.events, (get) => {
    const onFault = (error: unknown) => get(Tokens.log).error({ err: error }, 'a part that follows the events failed')
    return new EventLog(database, now, { onFault })
  })
  provide(Tokens.environments, (get) => new Environments(database, get(Tokens.events), now))
  provide(Tokens.queries, () => new EnvironmentQueries(database))
  provide(Tokens.aliases, (get) => new Aliases(database, get(Tokens.environments), get(Tokens.events), now))
  provide(Tokens.faults, (get) => new Faults(database, get(Tokens.environments), get(Tokens.events), now))
  provide(Tokens.templates, (get) => new Templates(database, get(Tokens.events), now))
  provide(Tokens.stacks, (get) => new Stacks(database, get(Tokens.templates)))
  provide(Tokens.builds, (get) => new Builds(database, get(Tokens.events), now))
  provide(Tokens.idempotency, () => new IdempotencyKeys(database, now))
}
