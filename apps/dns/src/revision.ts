/**
 * Counts the changes of everything that answers are made of: the record table, the rules, the hosts files. An answer that
 * was kept at another revision is never given again, so whoever changes one of these bumps it in the same turn.
 */
export class Revision {
  value = 0

  bump(): void {
    this.value++
  }
}
