import { lookup } from 'node:dns/promises'
import type { Discovery } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { askServer, parseServer } from './dig/ask-server.ts'
import { typeNumber } from './dig/record-types.ts'
import type { Finding } from './finding.ts'
import { readRunningFile } from './running-file.ts'

const timeoutMs = 3000

/** Whether the resolver answers for the domain, is ready, and is asked by the programs of this machine. */
export async function examineNames({ dns, domain }: Discovery, home: string): Promise<Finding[]> {
  if (dns === null) return [{ name: 'resolver', status: 'warning', message: 'the platform runs without one' }]
  // Whatever has no name of its own below the domain leads to the gateway.
  const name = `doctor.${domain}`
  const answer = await addressesFrom(dns, name)
  if (answer instanceof StandinError) {
    return [{ name: 'resolver', status: 'failed', message: answer.message, hint: 'See logs/dns.log below the home.' }]
  }
  const findings: Finding[] = [
    answer.length > 0
      ? { name: 'resolver', status: 'ok', message: `${dns} answers for ${domain}` }
      : {
          name: 'resolver',
          status: 'failed',
          message: `${dns} answers, but does not know ${domain}`,
          hint: `\`standin dig ${name}\` tells why.`,
        },
  ]
  findings.push(...(await examineAdmin(home)), await examineMachine(name, domain, answer))
  return findings
}

/** Empty: the server has none. */
async function addressesFrom(server: string, name: string): Promise<readonly string[] | StandinError> {
  try {
    const { answers } = await askServer(parseServer(server), name, typeNumber('A'), false, AbortSignal.timeout(timeoutMs))
    return answers.filter(({ type }) => type === 'A').map(({ data }) => data)
  } catch (error) {
    if (error instanceof StandinError) return error
    return new StandinError('unreachable', `${server} gave no answer within ${timeoutMs} ms.`, { cause: error })
  }
}

/** The resolver's admin listener, where there is one. */
async function examineAdmin(home: string): Promise<Finding[]> {
  const address = (await readRunningFile(home))?.dnsAdmin
  if (address === undefined) return []
  const name = 'resolver admin'
  try {
    const response = await fetch(new URL('/readyz', address), { signal: AbortSignal.timeout(timeoutMs) })
    if (response.status === 200) return [{ name, status: 'ok', message: `${address} answers: the resolver is ready` }]
    const { reason } = (await response.json()) as { reason?: string }
    return [
      {
        name,
        status: 'failed',
        message: `the resolver is not ready: ${reason ?? response.status}`,
        hint: 'See logs/dns.log below the home.',
      },
    ]
  } catch {
    return [{ name, status: 'failed', message: `${address} does not answer`, hint: 'See logs/dns.log below the home.' }]
  }
}

/** Whether a plain program of this machine, not a browser, finds the names, and at the right place. */
async function examineMachine(name: string, domain: string, expected: readonly string[]): Promise<Finding> {
  const found = await lookup(name, { family: 4 }).catch(() => null)
  if (found !== null && expected.includes(found.address)) {
    return { name: 'names', status: 'ok', message: `this machine finds ${name} at ${found.address}` }
  }
  const browsers = domain === 'localhost' || domain.endsWith('.localhost') ? 'Browsers find it by themselves. ' : ''
  return {
    name: 'names',
    status: 'warning',
    message:
      found === null
        ? `this machine's resolver does not know ${name}`
        : `this machine finds ${name} at ${found.address}, which is not where Standin has it`,
    hint: `${browsers}\`standin dns install\` shows how to have this machine ask Standin for ${domain}.`,
  }
}
