import Type from 'typebox'

/**
 * For the schema of a plugin's configuration: strings that are checked for what they mean, at their line, before the plugin
 * is set up. In plain JSON Schema they are `{"type": "string", "format": "cron"}` and so on.
 */

/** `0 20 * * 1-5`; see `parseCron`. */
export const CronLine = (options: { description?: string; default?: string } = {}) => Type.String({ ...options, format: 'cron' })

/** `Europe/Berlin`. */
export const TimeZone = (options: { description?: string; default?: string } = {}) => Type.String({ ...options, format: 'time-zone' })

/** `90s`, `1h30m`, `2d`; `parseDuration` gives the milliseconds. */
export const Duration = (options: { description?: string; default?: string } = {}) => Type.String({ ...options, format: 'duration' })
