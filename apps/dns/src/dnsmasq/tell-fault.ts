import { StandinError } from '@standin/client/errors'
import type { Logger } from 'pino'

/** Tells that a configuration was not taken: one line with all faults of the file; a trace only where the fault is ours. */
export function tellFault(cause: unknown, log: Pick<Logger, 'error'>): void {
  if (!(cause instanceof StandinError)) {
    log.error({ err: cause }, 'the configuration could not be read: everything stays as it was')
    return
  }
  const faults = cause.errors?.map(({ path, message }) => `${path}: ${message}`) ?? [cause.message]
  log.error({ faults }, `the configuration has a fault, everything stays as it was: ${cause.message}`)
}
