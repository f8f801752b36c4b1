import type { Database } from './database.ts'

/** How far each plugin has come in the events. */
export class PluginCursors {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** Sequence number of the last event that it has handled; undefined: it was never here. */
  get(plugin: string): number | undefined {
    return this.#db.prepared<{ seq: number }>('select seq from plugin_cursors where plugin = ?').get(plugin)?.seq
  }

  set(plugin: string, seq: number): void {
    this.#db
      .prepared('insert into plugin_cursors (plugin, seq) values (?, ?) on conflict do update set seq = excluded.seq')
      .run(plugin, seq)
  }
}
