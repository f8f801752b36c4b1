import { StandinError } from '@standin/client'
import { Cron } from 'croner'

/** The times that a cron line means in a time zone. */
export interface CronTimes {
  /**
   * The first one after an instant; null where none comes any more: 30 February.
   * @param after ms since the epoch
   */
  next(after: number): number | null
}

/**
 * Read a cron line of five fields, or a nickname such as `@daily`. A time of day that DST leaves out falls on the first
 * minute after the gap, one that comes twice is taken once; lines with a star or a step in minute or hour go by the
 * minutes that there are.
 * @param timeZone IANA name
 * @throws StandinError `invalid` saying what is wrong with the line, or that nobody knows the time zone
 */
export function parseCron(line: string, timeZone = 'UTC'): CronTimes {
  const fault = timeZoneFault(timeZone)
  if (fault !== null) throw new StandinError('invalid', fault, { hint: 'Write a name of the IANA database, such as Europe/Berlin or UTC' })
  let cron: Cron
  try {
    if (line.length > 200) throw new Error('it is longer than 200 characters')
    cron = new Cron(line, { timezone: timeZone, mode: '5-part', fixedTimeRule: 'no-wildcard' })
  } catch (cause) {
    const reason = (cause as Error).message.replace(/^(CronPattern|Cron): /, '')
    throw new StandinError('invalid', `'${line.slice(0, 80)}' is not a cron line: ${reason}`, {
      hint: 'Five fields: minute, hour, day of month, month, day of week; `0 20 * * 1-5` is 20:00 from Monday to Friday',
      cause,
    })
  }
  return { next: (after) => cron.nextRun(new Date(after))?.getTime() ?? null }
}

/** What is wrong with the name of a time zone; null: nothing. */
export function timeZoneFault(timeZone: string): string | null {
  try {
    // An offset such as +02:00 is taken too, but has no DST: who writes it is seldom served by it.
    if (/^[A-Za-z]/.test(timeZone)) {
      new Intl.DateTimeFormat('en', { timeZone })
      return null
    }
  } catch {
    // Said below.
  }
  return `'${timeZone.slice(0, 80)}' is not a time zone`
}
