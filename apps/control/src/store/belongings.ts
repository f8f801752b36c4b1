import type { Database } from './database.ts'
import type { EventLog } from './events.ts'

/** What goes with an environment that is purged, within the caller's transaction: its aliases and its faults. */
export function forgetBelongings(db: Database, events: EventLog, environment: number, actor: string): void {
  const hosts = db.all(db.query.deleteFrom('aliases').where('environment', '=', environment).returning('host'))
  for (const { host } of hosts) events.append({ type: 'alias.deleted', actor, environment, data: { host, from: environment } })
  db.run(db.query.deleteFrom('faults').where('environment', '=', environment))
}
