import { constants } from 'node:os'
import type { Problem } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import WebSocket from 'ws'
import type { Context } from './context.ts'

/** The first byte of each frame, see the API's `ExecQuery`. */
const channel = { stdin: 0, stdout: 1, stderr: 2, exit: 3, resize: 4 } as const
/** As much as may wait to be sent before standard input is read no further. */
const highWaterBytes = 1024 * 1024

export interface RemoteResult {
  /** 128 + signal number where a signal ended it, as a shell would say. */
  readonly exitCode: number
  readonly signal: string | null
}

/** Run what `url` stands for and connect it with the streams of this process until it ends. */
export async function runRemote(
  context: Context,
  url: URL,
  token: string,
  { terminal, withInput }: { terminal: boolean; withInput: boolean },
): Promise<RemoteResult> {
  const { stdin, stdout, stderr, signal } = context
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` }, perMessageDeflate: false })
  const frame = (kind: number, data: Buffer) => Buffer.concat([Buffer.of(kind), data])
  const resize = () => socket.send(frame(channel.resize, Buffer.from(JSON.stringify({ columns: stdout.columns, rows: stdout.rows }))))
  const forward = (data: Buffer) => {
    socket.send(frame(channel.stdin, data), () => {
      if (stdin.isPaused() && socket.bufferedAmount < highWaterBytes) stdin.resume()
    })
    if (socket.bufferedAmount >= highWaterBytes) stdin.pause()
  }
  const endInput = () => socket.readyState === WebSocket.OPEN && socket.send(Buffer.of(channel.stdin))
  const abort = () => socket.terminate()

  try {
    return await new Promise<RemoteResult>((resolve, reject) => {
      let result: RemoteResult | undefined
      signal.addEventListener('abort', abort, { once: true })
      socket.on('open', () => {
        if (terminal) {
          stdin.setRawMode?.(true)
          stdout.on('resize', resize)
        }
        if (!withInput && !terminal) {
          endInput()
          return
        }
        stdin.on('data', forward)
        stdin.once('end', endInput)
      })
      socket.on('message', (message: Buffer) => {
        const data = message.subarray(1)
        if (message[0] === channel.exit) result = parseExit(data)
        else if (message[0] === channel.stdout || message[0] === channel.stderr) {
          const target = message[0] === channel.stdout ? stdout : stderr
          if (target.write(data)) return
          socket.pause()
          target.once('drain', () => socket.resume())
        }
      })
      socket.on('unexpected-response', (_, response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => reject(refusal(text, response.statusCode ?? 0)))
      })
      socket.on('error', (error) => reject(signal.aborted ? signal.reason : broken(url, error)))
      socket.on('close', (_, reason) => {
        if (result) resolve(result)
        else reject(signal.aborted ? signal.reason : broken(url, reason.length > 0 ? new Error(reason.toString()) : undefined))
      })
    })
  } finally {
    signal.removeEventListener('abort', abort)
    stdin.off('data', forward)
    stdin.off('end', endInput)
    stdout.off('resize', resize)
    if (terminal) stdin.setRawMode?.(false)
    stdin.pause()
  }
}

function parseExit(data: Buffer): RemoteResult {
  const { exitCode, signal } = JSON.parse(data.toString('utf8')) as { exitCode: number | null; signal: string | null }
  const number = signal === null ? undefined : constants.signals[signal as NodeJS.Signals]
  return { exitCode: exitCode ?? 128 + (number ?? 0), signal }
}

function refusal(text: string, status: number): StandinError {
  try {
    return StandinError.fromProblem(JSON.parse(text) as Problem)
  } catch {
    return new StandinError('unreachable', `The control plane refused to run the command: HTTP ${status}.`)
  }
}

function broken(url: URL, cause: Error | undefined): StandinError {
  return new StandinError(
    'unreachable',
    `The connection to ${url.host} broke before the command ended${cause ? `: ${cause.message}` : ''}.`,
    {
      hint: 'Nobody knows whether the command came to its end. `standin doctor` tells whether the platform is well.',
      cause,
    },
  )
}
