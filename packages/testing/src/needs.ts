import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Whether a test may run that needs a program which a user may lack. Says what to install when it is missing; with
 * `CI=true` a missing one is a failure.
 *
 * @example it.skipIf(!has('dig', 'bind9-dnsutils'))('answers dig', …)
 */
export function has(program: string, debianPackage: string): boolean {
  const found = (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
  if (found) return true
  const advice = `${program} is missing: apt-get install ${debianPackage}`
  if (process.env.CI === 'true') throw new Error(advice)
  process.stderr.write(`skipped: ${advice}\n`)
  return false
}
