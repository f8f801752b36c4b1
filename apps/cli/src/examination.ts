import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Discovery } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import type { Context } from './context.ts'
import { formatSize } from './duration.ts'
import { examineAdmin, examineHttps } from './examine-https.ts'
import { examineNames } from './examine-names.ts'
import type { Finding } from './finding.ts'
import { findHome } from './home.ts'
import { formatFault } from './messages.ts'
import { oneLine } from './one-line.ts'

const timeoutMs = 3000
const lowSpaceBytes = 1024 ** 3

/** Everything that `doctor` looks at, in the order in which one thing rests on another. */
export async function examine(context: Context): Promise<Finding[]> {
  const home = findHome(context.flags.home, context.env)
  const findings = [examineNode(), await examineHome(home), await examineSpace(home)]
  const { finding, discovery } = await examinePlatform(context)
  findings.push(finding)
  if (discovery) {
    findings.push(
      ...examineProviders(discovery),
      await examineGateway(discovery),
      ...(await examineHttps(home, discovery.domain, context.env)),
      ...(await examineAdmin(home)),
      ...(await examineNames(discovery, home)),
      ...(await examinePlugins(context)),
    )
  }
  return findings
}

function examineNode(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  const message = `Node ${process.versions.node} on ${process.platform} ${process.arch}`
  return major >= 24 ? { name: 'node', status: 'ok', message } : { name: 'node', status: 'failed', message, hint: 'Standin needs Node 24.' }
}

async function examineHome(home: string): Promise<Finding> {
  const found = await stat(home).catch(() => null)
  if (!found) return { name: 'home', status: 'ok', message: `${home} is made by \`standin start\`` }
  if (!found.isDirectory())
    return { name: 'home', status: 'failed', message: `${home} is no directory`, hint: 'Name another one with --home or STANDIN_HOME.' }
  const open = (found.mode & 0o077) !== 0
  if (open) return { name: 'home', status: 'warning', message: `others may look into ${home}`, hint: `chmod 700 ${home}` }
  return { name: 'home', status: 'ok', message: home }
}

async function examineSpace(home: string): Promise<Finding> {
  let path = home
  while (!(await stat(path).catch(() => null)) && path !== dirname(path)) path = dirname(path)
  const { bavail, bsize } = await statfs(path)
  const free = bavail * bsize
  const message = `${formatSize(free)} free`
  return free < lowSpaceBytes
    ? { name: 'disk', status: 'warning', message, hint: '`standin delete --purge` and `standin template delete` make room.' }
    : { name: 'disk', status: 'ok', message }
}

async function examinePlatform(context: Context): Promise<{ finding: Finding; discovery?: Discovery }> {
  try {
    const client = await context.connect()
    const discovery = await client.discover({ signal: AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]) })
    return {
      finding: { name: 'platform', status: 'ok', message: `${discovery.version} at ${client.url}, this token may ${discovery.scope}` },
      discovery,
    }
  } catch (error) {
    const { message, hint } = error instanceof StandinError ? error : new StandinError('unreachable', 'The platform did not answer.')
    const extra = hint ?? 'See logs/control.log below the home.'
    return { finding: { name: 'platform', status: 'failed', message, hint: `${extra} What the providers lack is told once it runs.` } }
  }
}

function examineProviders({ providers }: Discovery): Finding[] {
  return providers.flatMap(({ id, can, notes }): Finding[] => {
    const name = `provider ${id}`
    const able = Object.entries(can).flatMap(([ability, yes]) => (yes ? [ability] : []))
    const abilities: Finding = { name, status: 'ok', message: able.length === 0 ? 'is there' : `can ${able.join(', ')}` }
    return [abilities, ...notes.map((message): Finding => ({ name, status: 'warning', message }))]
  })
}

async function examineGateway({ gateway, domain }: Discovery): Promise<Finding> {
  const address = `${gateway.scheme}://127.0.0.1:${gateway.port}/`
  try {
    // Whatever it says to a name that nobody has: it answers.
    const response = await fetch(address, { signal: AbortSignal.timeout(timeoutMs) })
    await response.body?.cancel()
    return { name: 'gateway', status: 'ok', message: `${address} answers for *.${domain}` }
  } catch (error) {
    const cause = (error as Error).cause instanceof Error ? ((error as Error).cause as Error).message : (error as Error).message
    return {
      name: 'gateway',
      status: 'failed',
      message: `${address} does not answer: ${cause}`,
      hint: 'See logs/gateway.log below the home.',
    }
  }
}

async function examinePlugins(context: Context): Promise<Finding[]> {
  const client = await context.connect()
  const list = await client.plugins.list({ signal: AbortSignal.timeout(timeoutMs) }).catch(() => null)
  if (list === null || list.items.length + list.faults.length === 0) return []
  const troubled = list.items.filter(({ health }) => health !== 'ok')
  const found = troubled.map(({ id, health, message }) => ({ name: `plugin ${id}`, message: oneLine(message ?? health) }))
  // What is wrong with the configuration of one of them is its message.
  const wrong = found.length > 0 ? found : list.faults.map((fault) => ({ name: 'plugins', message: formatFault(fault) }))
  if (wrong.length === 0) return [{ name: 'plugins', status: 'ok', message: list.items.map(({ id }) => id).join(', ') }]
  return wrong.map((each): Finding => ({ ...each, status: 'warning', hint: '`standin plugin list` shows how the plugins are.' }))
}
