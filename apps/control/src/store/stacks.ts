import type { Stack } from '@standin/client'
import type { Database } from './database.ts'
import type { EnvironmentRecord } from './environment-record.ts'
import type { Templates } from './templates.ts'

/** What an environment is made of: its template's stack, its build's, or none where it was attached. */
export class Stacks {
  readonly #db: Database
  readonly #templates: Templates

  constructor(db: Database, templates: Templates) {
    this.#db = db
    this.#templates = templates
  }

  of(environment: EnvironmentRecord): Stack {
    if (environment.template !== null) {
      const { name, version } = environment.template
      // A purged environment does not keep its template.
      return this.#templates.get(name, version)?.stack ?? emptyStack(environment.name)
    }
    if (environment.kind === 'attachment') return emptyStack(environment.name)
    const row = this.#db.first(this.#db.query.selectFrom('environments').select('stack').where('id', '=', environment.id))
    return row?.stack == null ? emptyStack(environment.name) : JSON.parse(row.stack)
  }
}

function emptyStack(name: string): Stack {
  return {
    name,
    hosts: [],
    volumes: [],
    secrets: [],
    publish: [],
    phases: { provision: [], bootstrap: [], configure: [] },
    fixtures: [],
    checks: [],
    launch: [],
    suspendAfterMs: null,
    labels: {},
  }
}
