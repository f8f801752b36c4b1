/**
 * Preloaded (`node --import`) into each app that `standin start` runs. Standard input is a pipe that the supervisor holds
 * open and never writes to: when it ends, the supervisor is gone, however it went, and the app stops as if it were told
 * to. An app that can't is ended after `graceMs`.
 */
const graceMs = 10_000

const leave = () => {
  setTimeout(() => process.exit(1), graceMs).unref()
  process.kill(process.pid, 'SIGTERM')
}
process.stdin.once('close', leave)
process.stdin.on('error', () => {})
process.stdin.resume()
// The watch alone must not keep an app alive.
;(process.stdin as NodeJS.ReadStream & { unref?(): void }).unref?.()
