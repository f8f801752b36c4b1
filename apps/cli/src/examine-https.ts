import { stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { StandinError } from '@standin/client/errors'
import type { Finding } from './finding.ts'
import { readRunningFile } from './running-file.ts'
import { type Authority, readAuthority } from './trust/authority.ts'
import { findChromiumDatabases, findFirefoxProfiles } from './trust/browser-databases.ts'

const timeoutMs = 3000

/** Whether HTTPS of the platform of this home works, and who believes it; nothing where it is switched off or runs elsewhere. */
export async function examineHttps(home: string, domain: string, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const address = (await readRunningFile(home))?.https
  if (address === undefined) return []
  let authority: Authority
  try {
    authority = await readAuthority(home)
  } catch (error) {
    if (!(error instanceof StandinError)) throw error
    return [failed('CA', error.message, error.hint)]
  }
  return [await examineKey(home, authority), await examineListener(address, domain, authority), await examineTrust(authority, env)]
}

/** The admin listener, where there is one. */
export async function examineAdmin(home: string): Promise<Finding[]> {
  const address = (await readRunningFile(home))?.admin
  if (address === undefined) return []
  try {
    const { status } = await fetch(new URL('/readyz', address), { signal: AbortSignal.timeout(timeoutMs) })
    if (status === 200) return [ok('admin', `${address} answers: the gateway is ready`)]
    return [failed('admin', `${address}/readyz answers ${status}: the gateway is not ready`, 'Its answer says why; see logs/gateway.log.')]
  } catch {
    return [failed('admin', `${address} does not answer`, 'See logs/gateway.log below the home.')]
  }
}

async function examineKey(home: string, { file, expiresAt }: Authority): Promise<Finding> {
  const key = join(home, 'tls', 'ca.key')
  const found = await stat(key).catch(() => null)
  if (found === null) return failed('CA', `its key ${key} is missing`, `Remove ${file} as well: the next start makes a new CA.`)
  if ((found.mode & 0o077) !== 0) return failed('CA', `others may read its key ${key}`, `chmod 600 ${key}`)
  if (Date.parse(expiresAt) < Date.now()) {
    return failed(
      'CA',
      `${file} was valid until ${expiresAt}`,
      'Remove ca.crt and ca.key: the next start makes a new CA; then `standin trust`.',
    )
  }
  return ok('CA', `${file}, valid until ${expiresAt.slice(0, 10)}; its key is for you alone`)
}

async function examineListener(address: string, domain: string, { pem }: Authority): Promise<Finding> {
  const { hostname, port } = new URL(address)
  const fault = await new Promise<string | null>((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || 443),
      servername: `doctor.${domain}`,
      ca: pem,
      timeout: timeoutMs,
    })
    const end = (said: string | null) => {
      socket.destroy()
      resolve(said)
    }
    socket.once('secureConnect', () => end(null))
    socket.once('timeout', () => end(`no answer within ${timeoutMs} ms`))
    socket.once('error', (error) => end(error.message))
  })
  if (fault === null) return ok('https', `${address} shows a certificate of this CA for *.${domain}`)
  return failed('https', `${address} can not be used: ${fault}`, 'See logs/gateway.log below the home.')
}

async function examineTrust(authority: Authority, env: NodeJS.ProcessEnv): Promise<Finding> {
  if (process.platform === 'darwin') return ok('trust', '`standin trust` says whether your keychain trusts the CA')
  const home = env.HOME || homedir()
  const stores = [...(await findChromiumDatabases(home, env)), ...(await findFirefoxProfiles(home, env))]
  const answers = await Promise.all(stores.map((store) => store.trusts(authority)))
  if (answers.every((answer) => answer)) return ok('trust', 'your browsers trust the CA')
  return {
    name: 'trust',
    status: 'warning',
    message: 'your browsers do not trust the CA, or not all of them, as far as can be told',
    hint: `\`standin trust\` tells them. Other programs take the file: curl --cacert ${authority.file}`,
  }
}

const ok = (name: string, message: string): Finding => ({ name, status: 'ok', message })
const failed = (name: string, message: string, hint?: string): Finding => ({
  name,
  status: 'failed',
  message,
  ...(hint === undefined ? {} : { hint }),
})
