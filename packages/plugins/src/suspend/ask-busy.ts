import type { Environment } from '@standin/client'
import { suspendLabels } from '@standin/client/suspend-labels'

const timeoutMs = 2_000
const mostBytes = 16_384
/** What can't be asked or understood is asked again after this time, and stays awake until then. */
const againMs = 5 * 60_000
/** Nobody is believed for longer than this at once. */
const mostMs = 24 * 3_600_000

/**
 * Ask the application of an environment whether it is busy: `GET` of the path in its label, at one of its own endpoints and past
 * the gateway, so that the question counts as no use. It answers `{"busyUntil": "2026-11-21T20:00:00Z"}`; null or 204 where it is
 * not busy. Everything else, no answer among it, is taken for busy.
 * @param now ms since the epoch
 * @returns ms since the epoch; null: it has no such label, or an empty one, or is not busy
 */
export async function askBusy({ labels, services }: Environment, now: number, signal: AbortSignal): Promise<number | null> {
  const label = labels[suspendLabels.busyPath]
  if (label === undefined || label === '') return null
  const slash = label.indexOf('/')
  const [name, path] = slash < 0 ? [label, '/'] : [label.slice(0, slash) || 'www', label.slice(slash)]
  const endpoint = services.find((service) => service.name === name)?.endpoints[0]
  if (endpoint === undefined) return now + againMs
  const address = endpoint.address.includes(':') ? `[${endpoint.address}]` : endpoint.address
  try {
    const response = await fetch(`http://${address}:${endpoint.port}${path}`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      // An application that sends us elsewhere does not decide whom we ask.
      redirect: 'error',
    })
    const until = response.status === 204 ? null : response.ok ? parse(await readText(response)) : Number.NaN
    if (until === null) return null
    return Number.isNaN(until) ? now + againMs : Math.min(until, now + mostMs)
  } catch {
    signal.throwIfAborted()
    return now + againMs
  }
}

function parse(text: string): number | null {
  const { busyUntil } = JSON.parse(text) as { busyUntil?: unknown }
  if (busyUntil === null) return null
  return typeof busyUntil === 'string' ? Date.parse(busyUntil) : Number.NaN
}

async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.length
    if (bytes > mostBytes) throw new Error('the answer is too large')
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}
