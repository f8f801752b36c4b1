import type { ExecSession, RunRequest, RunResult } from '@standin/core'

/** Milliseconds that a step has after SIGTERM before it is killed. */
const graceMs = 1000

/** Waits for a step's command: feeds it its input, hands its lines on, ends it when its time is up or it is given up. */
export async function runSession(session: ExecSession, request: RunRequest): Promise<RunResult> {
  const tail: string[] = []
  let timedOut = false
  let last: NodeJS.Timeout | undefined
  const end = (): void => {
    session.kill('SIGTERM')
    last = setTimeout(() => session.kill('SIGKILL'), graceMs)
  }
  const timer = setTimeout(() => {
    timedOut = true
    end()
  }, request.step.timeoutMs)
  request.signal?.addEventListener('abort', end)
  if (request.signal?.aborted === true) end()
  const keep = (stream: 'stdout' | 'stderr') => (line: string) => {
    tail.push(line)
    if (tail.length > 20) tail.shift()
    request.onLine?.(stream, line)
  }
  try {
    feed(session, request.input)
    const lines = Promise.all([eachLine(session.stdout, keep('stdout')), eachLine(session.stderr, keep('stderr'))])
    const ending = await session.exited
    await lines
    return { ...ending, timedOut, tail }
  } finally {
    clearTimeout(timer)
    clearTimeout(last)
    request.signal?.removeEventListener('abort', end)
  }
}

function feed(session: ExecSession, input: RunRequest['input']): void {
  // The command may end before it has read everything: that is its own affair.
  session.stdin.on('error', () => {})
  if (input === undefined) session.stdin.end()
  else if (typeof input === 'string') session.stdin.end(input)
  else {
    input.on('error', () => session.stdin.end())
    input.pipe(session.stdin)
  }
}

async function eachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  let partial = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream) {
    const lines = (partial + decoder.decode(chunk as Buffer, { stream: true })).split('\n')
    partial = lines.pop() ?? ''
    for (const line of lines) onLine(line.replace(/\r$/, ''))
  }
  if (partial !== '') onLine(partial)
}
