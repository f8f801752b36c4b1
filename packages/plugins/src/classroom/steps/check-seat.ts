import { request } from 'node:http'
import type { Environment } from '@standin/client'
import type { Check } from '../classroom-config.ts'

const timeoutMs = 5_000

/**
 * Ask a seat as a student's browser would, at each of its own endpoints and past the gateway, so that it counts as no use.
 * @returns what is wrong with it; null: nothing
 */
export async function checkSeat({ services }: Environment, check: Check | false, signal: AbortSignal): Promise<string | null> {
  if (check === false) return null
  const { service: wanted = 'www', path = '/' } = check
  const service = services.find(({ name }) => name === wanted)
  if (service === undefined) return `it has no service ${wanted}`
  if (service.endpoints.length === 0) return `nothing answers for its service ${wanted}`
  const answers = service.endpoints.map(async ({ address, port, instance }) => {
    const status = await ask({ host: address, port, path, name: service.hostname }, signal)
    return typeof status === 'number' && status < 400 ? null : `${instance} answers ${path} with ${status}`
  })
  return (await Promise.all(answers)).find((trouble) => trouble !== null) ?? null
}

/** @returns its status, or why there is none */
function ask(at: { host: string; port: number; path: string; name: string }, signal: AbortSignal): Promise<number | string> {
  return new Promise((resolve, reject) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const { host, port, path, name } = at
    const sent = request({ host, port, path, signal: limit, agent: false, headers: { host: name, 'user-agent': 'standin-classroom' } })
    sent.on('response', (answer) => {
      resolve(answer.statusCode ?? 0)
      // Its head says it all.
      answer.destroy()
    })
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(signal.reason)
      else resolve(limit.aborted ? `nothing within ${timeoutMs / 1000} s` : (error.code ?? error.message))
    })
    sent.end()
  })
}
