import type { ConfigFault } from './config-fault.ts'
import { SourceFailure } from './directory.ts'
import { readCertificates } from './ldap/read-certificates.ts'
import { readSecret } from './read-secret.ts'
import type { SourcesConfig } from './sources-config.ts'

/** Files of secrets and certificates that could not be used now. They are read at each run: a run fails, not the plugin. */
export async function checkFiles({ ldap, okta }: SourcesConfig): Promise<ConfigFault[]> {
  const faults: ConfigFault[] = []
  const check = async (path: string, source: string, reading: Promise<string>) => {
    try {
      await reading
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error
      faults.push({ path: `/sources/${path}`, message: error.message.replace(`${source}: `, '') })
    }
  }
  for (const [index, { id, bind, caFile }] of ldap.entries()) {
    if (bind !== undefined) await check(`ldap/${index}/bind/passwordFile`, id, readSecret(id, 'the bind password', bind.passwordFile))
    if (caFile !== undefined) await check(`ldap/${index}/caFile`, id, readCertificates(id, caFile))
  }
  for (const [index, { id, tokenFile }] of okta.entries()) {
    await check(`okta/${index}/tokenFile`, id, readSecret(id, 'the API token', tokenFile))
  }
  return faults
}
