import type { RouteEntry } from '@standin/client'
import type { HeldTable } from '@standin/serving/held-table'
import type { RouteSnapshot, TableSink } from '../table-source.ts'

/** What the table of routes says besides its entries. */
export interface RoutesHead extends Omit<RouteSnapshot, 'items'> {
  readonly source: 'control' | 'file'
}

/** The routes as the primary holds them. */
export class HeldRoutes implements TableSink {
  readonly table: HeldTable<RouteEntry, RoutesHead>

  constructor(table: HeldTable<RouteEntry, RoutesHead>) {
    this.table = table
  }

  get size(): number {
    return this.table.size
  }

  reset({ items, epoch, domain, nextId }: RouteSnapshot, source: 'control' | 'file' = 'control'): void {
    this.table.reset({ epoch, domain, nextId, source }, items)
  }

  put(entry: RouteEntry): void {
    this.table.put(entry)
  }

  remove(environment: number): void {
    this.table.remove(environment)
  }
}
