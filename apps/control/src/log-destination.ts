import { pino } from 'pino'

/** What waits for a log that can't be written, bytes. */
const mostWaiting = 1024 * 1024

/**
 * Standard error, written to at once. Where that fails, on a full disk for instance, lines wait for the next one to try again, those
 * beyond a MiB are lost: without a listener the error would be thrown at whoever logs, and a log must take nobody down.
 */
export function logDestination(): ReturnType<typeof pino.destination> {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: mostWaiting })
  destination.on('error', () => {})
  return destination
}
