/**
 * Who may have the last word on a query: the links of the chain by name; `ready` for a
 * whole reply of our own that was kept, `ready-cache` for one that is not authoritative, so of the cache, or a "no" of the file. They
 * are a label of the metrics and stand in the query log, so they are few and fixed.
 */
export const ruleNames = [
  'ready',
  'ready-cache',
  'noise',
  'access',
  'opcode',
  'malformed',
  'edns-version',
  'class',
  'type',
  'not-loaded',
  'alias',
  'own-zone',
  'reverse-zone',
  'file',
  'local-zone',
  'localhost',
  'forward',
  'nobody',
  'fault',
] as const
export type RuleName = (typeof ruleNames)[number]
