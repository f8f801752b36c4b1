import { isAbsolute } from 'node:path'
import type { ConfigFault } from '../config-fault.ts'
import type { OktaConfig } from './okta-config.ts'

/** What the schema can't see. */
export function checkOkta({ site, tokenFile }: OktaConfig): ConfigFault[] {
  const faults: ConfigFault[] = []
  const url = URL.parse(site)
  // The token goes there: encrypted, or to this machine.
  const isSafe = url?.protocol === 'https:' || /^(127(\.\d+){3}|localhost|\[::1\])$/.test(url?.hostname ?? '')
  if (url === null || url.origin !== site || !isSafe) {
    faults.push({ path: '/site', message: 'is no https:// address of a site without a path' })
  }
  if (!isAbsolute(tokenFile)) faults.push({ path: '/tokenFile', message: `is no absolute path: ${tokenFile}` })
  return faults
}
