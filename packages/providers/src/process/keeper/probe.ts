import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import type { HealthCheck } from '@standin/client'
import { killGroup } from './process-group.ts'

/** `failed` says why, in words that go after "the health check failed: ". */
export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly why: string }

/** What has to succeed before an instance is up. */
export type Probe =
  | { readonly kind: 'tcp'; readonly port: number }
  | { readonly kind: 'http'; readonly port: number; readonly path: string }
  | { readonly kind: 'exec'; readonly command: readonly string[] }

/** How an exec probe is started: like the instance itself. */
export interface ProbeContext {
  readonly address: string
  readonly workingDir: string
  readonly environment: Readonly<Record<string, string>>
}

export function probeOf(check: HealthCheck, wrap: (command: string | readonly string[]) => readonly string[]): Probe | null {
  if (check.http !== null) return { kind: 'http', ...check.http }
  if (check.tcp !== null) return { kind: 'tcp', ...check.tcp }
  return check.exec === null ? null : { kind: 'exec', command: wrap(check.exec) }
}

export function runProbe(probe: Probe, context: ProbeContext, timeoutMs: number): Promise<ProbeResult> {
  switch (probe.kind) {
    case 'tcp':
      return tcp(context.address, probe.port, timeoutMs, null)
    case 'http':
      return tcp(context.address, probe.port, timeoutMs, probe.path)
    case 'exec':
      return exec(probe.command, context, timeoutMs)
  }
}

/** Connects, and with a path asks for it. By hand, because loading an HTTP client would slow down every start. */
function tcp(address: string, port: number, timeoutMs: number, path: string | null): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const where = `${address}:${port}`
    const socket = connect({ host: address, port })
    const finish = (result: ProbeResult): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(result)
    }
    const timer = setTimeout(() => finish({ ok: false, why: `${where} gave no answer within ${timeoutMs} ms` }), timeoutMs)
    let answer = ''
    socket.on('error', (error: NodeJS.ErrnoException) => finish({ ok: false, why: `${where}: ${error.code ?? error.message}` }))
    socket.on('close', () => finish({ ok: false, why: `${where} closed the connection without an answer` }))
    socket.on('connect', () => {
      if (path === null) return finish({ ok: true })
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${where}\r\nUser-Agent: standin-health\r\nAccept: */*\r\nConnection: close\r\n\r\n`)
    })
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1]
      if (status === undefined && answer.length < 64) return
      if (status === undefined) return finish({ ok: false, why: `${where} does not speak HTTP` })
      // As Kubernetes and Compose users' curl -f have it: a redirect is well, an error is not.
      const code = Number(status)
      finish(code >= 200 && code < 400 ? { ok: true } : { ok: false, why: `GET http://${where}${path} answered ${status}` })
    })
  })
}

function exec(command: readonly string[], context: ProbeContext, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const [program = 'false', ...args] = command
    const child = spawn(program, args, {
      cwd: context.workingDir,
      env: context.environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-500)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    let late = false
    const timer = setTimeout(() => {
      late = true
      killGroup(child, 'SIGKILL')
    }, timeoutMs)
    child.on('error', (error) => {
      clearTimeout(timer)
      resolve({ ok: false, why: error.message })
    })
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) return resolve({ ok: true })
      const ending = late ? `no answer within ${timeoutMs} ms` : signal === null ? `exit code ${code}` : `ended by ${signal}`
      const said = output.trim()
      resolve({ ok: false, why: said === '' ? ending : `${ending}: ${said}` })
    })
  })
}
