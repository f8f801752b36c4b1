import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cores } from './processes.ts'

const run = promisify(execFile)

export interface Load {
  readonly port: number
  /** Of the service that is asked. */
  readonly host: string
  readonly tls: boolean
  readonly seconds: number
}

export interface LoadResult {
  readonly requests: number
  readonly requestsPerSecond: number
  /** ms */
  readonly p50: number
  readonly p99: number
}

const onLoadCore = (command: string, args: readonly string[], seconds: number) =>
  run('taskset', ['-c', String(cores.load), command, ...args], { timeout: (seconds + 30) * 1000, maxBuffer: 16 << 20 })

/** 64 connections that each ask again as soon as they were answered. @throws Error on any answer but 200 */
export const http1 = (load: Load): Promise<LoadResult> => wrk(load, 64, [])

/**
 * 256 visitors who think for a random while between two requests, so that all together ask about so many times a second.
 * Few of them wait at a time, so a server that stalls is asked on, as it would be by people: the 99th percentile is not
 * prettied up by a load that waits along with it.
 * @param directory for the script that says so
 */
export function paced(load: Load, requestsPerSecond: number, directory: string): Promise<LoadResult> {
  const visitors = 256
  const script = join(directory, 'paced.lua')
  const longestMs = Math.round((2 * visitors * 1000) / requestsPerSecond)
  writeFileSync(script, `function delay() return math.random(0, ${longestMs}) end\n`)
  return wrk(load, visitors, ['-s', script])
}

/** As `http1`, but each request is for another one of these hosts. */
export function spread(load: Load, hosts: readonly string[], directory: string): Promise<LoadResult> {
  const script = join(directory, 'spread.lua')
  writeFileSync(
    script,
    `local requests, next = {}, 0
function init()
  for host in ("${hosts.join(' ')}"):gmatch("%S+") do
    requests[#requests + 1] = wrk.format("GET", "/", { Host = host })
  end
end
function request()
  next = next % #requests + 1
  return requests[next]
end
`,
  )
  return wrk(load, 64, ['-s', script])
}

async function wrk(load: Load, connections: number, more: readonly string[]): Promise<LoadResult> {
  const url = `${load.tls ? 'https' : 'http'}://127.0.0.1:${load.port}/`
  const args = ['-t1', `-c${connections}`, `-d${load.seconds}s`, '--latency', '-H', `Host: ${load.host}`, ...more, url]
  const { stdout } = await onLoadCore('wrk', args, load.seconds)
  if (/Socket errors|Non-2xx/.test(stdout)) throw new Error(`not all requests were answered well:\n${stdout}`)
  return {
    requests: number(/(\d+) requests in/, stdout),
    requestsPerSecond: number(/Requests\/sec:\s+([\d.]+)/, stdout),
    p50: milliseconds(/ 50%\s+([\d.]+)(us|ms|s)/, stdout),
    p99: milliseconds(/ 99%\s+([\d.]+)(us|ms|s)/, stdout),
  }
}

/** 8 connections with 16 streams each. @throws Error on any answer but 2xx, or where it was not HTTP/2 */
export async function http2(load: Load): Promise<LoadResult> {
  const args = ['-t1', '-c8', '-m16', `-D${load.seconds}`, `--connect-to=127.0.0.1:${load.port}`, `https://${load.host}:${load.port}/`]
  const { stdout } = await onLoadCore('h2load', args, load.seconds)
  if (!/Application protocol: h2/.test(stdout) || !/, 0 failed, 0 errored, 0 timeout/.test(stdout) || !/ 0 3xx, 0 4xx, 0 5xx/.test(stdout))
    throw new Error(`not all requests were answered well by HTTP/2:\n${stdout}`)
  return {
    requests: number(/status codes: (\d+) 2xx/, stdout),
    requestsPerSecond: number(/finished in .*, ([\d.]+) req\/s/, stdout),
    p50: milliseconds(/time for request:\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)/, stdout),
    p99: Number.NaN,
  }
}

function number(pattern: RegExp, text: string): number {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`the load generator said something else:\n${text}`)
  return Number(found)
}

function milliseconds(pattern: RegExp, text: string): number {
  const found = pattern.exec(text)
  if (found === null) throw new Error(`the load generator said something else:\n${text}`)
  return Number(found[1]) * { us: 0.001, ms: 1, s: 1000 }[found[2] as 'us' | 'ms' | 's']
}
