import { type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Check, CheckResult } from '@standin/client'
import type { InstanceStatus, ProviderHandle } from '@standin/core'
import { describeEnding } from './step-failure.ts'

/** So much of a body is looked at, bytes. */
const largestBody = 1 << 20
/** An instance that is being restarted refuses connections for a moment. */
const refusedGraceMs = 3_000

/** Run one check of an environment that runs. It throws only where the signal fires. */
export async function runCheck(provider: ProviderHandle, id: number, check: Check, signal: AbortSignal): Promise<CheckResult> {
  const began = performance.now()
  const output = await faultOf(provider, id, check, signal)
  signal.throwIfAborted()
  return { name: check.name, ok: output.ok, durationMs: Math.round(performance.now() - began), output: output.text }
}

interface Outcome {
  readonly ok: boolean
  readonly text: string
}

async function faultOf(provider: ProviderHandle, id: number, check: Check, signal: AbortSignal): Promise<Outcome> {
  try {
    if (check.run !== null) return await runCommand(provider, id, check, signal)
    const { instances } = await provider.observe(id)
    const asked = instances.filter((instance) => instance.host === check.host && instance.address !== '')
    if (asked.length === 0) return { ok: false, text: `the host ${check.host} has no instance` }
    const outcomes = await Promise.all(asked.map((instance) => askUntilThere(instance, check, signal)))
    return outcomes.find((outcome) => !outcome.ok) ?? outcomes[0] ?? { ok: true, text: '' }
  } catch (error) {
    return { ok: false, text: error instanceof Error ? error.message : String(error) }
  }
}

async function runCommand(provider: ProviderHandle, id: number, check: Check, signal: AbortSignal): Promise<Outcome> {
  const step = { name: check.name, host: check.host, run: check.run ?? '', environment: {}, needs: [], timeoutMs: check.timeoutMs }
  const result = await provider.run(id, { step, signal })
  const ok = result.exitCode === 0 && !result.timedOut
  return { ok, text: [...(ok ? [] : [`it ${describeEnding(result, check.timeoutMs)}`]), ...result.tail].slice(-20).join('\n') }
}

/** Each instance of the host has to answer so. */
async function askUntilThere(instance: InstanceStatus, check: Check, signal: AbortSignal): Promise<Outcome> {
  const deadline = performance.now() + Math.min(refusedGraceMs, check.timeoutMs)
  for (;;) {
    try {
      return await ask(instance, check, signal)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (signal.aborted || !['ECONNREFUSED', 'ECONNRESET'].includes(code ?? '') || performance.now() > deadline) {
        return { ok: false, text: `${instance.name}: ${message}` }
      }
      await sleep(100, undefined, { signal })
    }
  }
}

async function ask(instance: InstanceStatus, { host, http, timeoutMs }: Check, signal: AbortSignal): Promise<Outcome> {
  if (http === null) return { ok: true, text: '' }
  const { port, path, status, contains } = http
  const response = await get(instance.address, port, path, host, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
  const body = await readBody(response)
  const asked = `GET http://${host}:${port}${path} on ${instance.name}`
  if (response.statusCode !== status) {
    return {
      ok: false,
      text: [`${asked} answered ${response.statusCode}, not ${status}`, ...body.split('\n').slice(0, 10)].join('\n').slice(0, 2000),
    }
  }
  if (contains !== null && !body.includes(contains)) {
    return {
      ok: false,
      text: [`${asked} answered ${status} without "${contains}"`, ...body.split('\n').slice(0, 10)].join('\n').slice(0, 2000),
    }
  }
  return { ok: true, text: `${asked} answered ${status}` }
}

function get(address: string, port: number, path: string, host: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { host: `${host}:${port}`, 'user-agent': 'standin-check', connection: 'close' }
    request({ host: address, port, path, headers, signal, agent: false }, resolve).on('error', reject).end()
  })
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    chunks.push(chunk as Buffer)
    size += (chunk as Buffer).length
    if (size > largestBody) break
  }
  return Buffer.concat(chunks).toString('utf8')
}
