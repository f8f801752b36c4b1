import { homedir } from 'node:os'
import { StandinError } from '@standin/client/errors'
import { Ending } from '../ending.ts'
import { findHome } from '../home.ts'
import { type Authority, readAuthority } from '../trust/authority.ts'
import { findChromiumDatabases, findFirefoxProfiles } from '../trust/browser-databases.ts'
import { Keychain } from '../trust/keychain.ts'
import type { StoreReport, TrustStore } from '../trust/store.ts'
import { findSystemStore } from '../trust/system-store.ts'
import type { Verb } from '../verb.ts'

interface Options {
  readonly print?: boolean
  readonly remove?: boolean
  readonly system?: boolean
}

export const trust: Verb<readonly [], Options> = {
  description:
    'The gateway signs its certificates with a CA of its own, in `tls` below the home. It can sign for names of the domain only, so\n' +
    'trusting it gives nobody power over other sites. Browsers of this user are told by `certutil`; other programs take it as a file.',
  options: [
    { flags: '--print', description: 'print the certificate of the CA, change nothing' },
    { flags: '--remove', description: 'undo it' },
    { flags: '--system', description: "the store of this machine in place of this user's browsers; needs root" },
  ],
  examples: [
    ['standin trust', 'in the browsers of this user'],
    ['sudo standin trust --system --home "$HOME/.local/state/standin"', 'in curl, git, Python, Go and others of all users'],
    ['standin trust --print > standin-ca.crt', 'to take it elsewhere'],
    ['standin trust --remove', 'as if it had never been'],
  ],
  async run(context, _, { print, remove, system }) {
    const authority = await readAuthority(findHome(context.flags.home, context.env))
    if (print) {
      context.messages.info(authority.file)
      await context.output.one(authority, () => authority.pem.trimEnd())
      return
    }
    const stores = await findStores(context.env, system === true)
    const reports: StoreReport[] = []
    for (const store of stores) reports.push(await (remove ? store.remove(authority) : store.add(authority)))
    await context.output.one({ authority: { ...authority, pem: undefined }, stores: reports }, () => formatReports(reports))
    if (!remove) for (const line of explain(authority)) context.messages.info(line)
    const isDone = reports.some(({ outcome }) => outcome === 'trusted' || outcome === 'removed' || outcome === 'unchanged')
    if (!isDone || reports.some(({ outcome }) => outcome === 'failed')) {
      throw new Ending('unhealthy', remove ? 'It could not be taken away everywhere.' : 'Not everything trusts it now.')
    }
  },
}

async function findStores(env: NodeJS.ProcessEnv, system: boolean): Promise<TrustStore[]> {
  const home = env.HOME || homedir()
  if (process.platform === 'darwin') {
    // Other browsers than Firefox look into the keychain.
    return system ? [new Keychain(home, env, true)] : [new Keychain(home, env, false), ...(await findFirefoxProfiles(home, env))]
  }
  if (!system) return [...(await findChromiumDatabases(home, env)), ...(await findFirefoxProfiles(home, env))]
  const machine = await findSystemStore(env)
  if (machine !== null) return [machine]
  throw new StandinError('unsupported', 'It is not known where this machine keeps the CAs that it trusts.', {
    hint: '`standin trust --print` gives the certificate to whoever administers it.',
  })
}

const formatReports = (reports: readonly StoreReport[]): string =>
  reports.map(({ store, place, outcome, message }) => `${store}: ${outcome}; ${message}\n  ${place}`).join('\n')

const explain = ({ domain, file }: Authority): string[] => [
  domain === null ? 'The CA signs for names of its domain only.' : `The CA signs for ${domain} and names below it, and for nothing else.`,
  'Programs without a store of their own take the file:',
  `  curl --cacert ${file} https://…`,
  `  export NODE_EXTRA_CA_CERTS=${file}`,
]
