import { stripVTControlCharacters } from 'node:util'
import { formatElapsed } from './duration.ts'
import type { Messages } from './messages.ts'

export type StepStatus = 'started' | 'done' | 'failed'

interface StepUpdate {
  /** Names the line: the same key again changes it. */
  readonly key: string
  readonly text: string
  readonly status: StepStatus
  readonly durationMs: number | null
  /** Said behind a step that failed or has something to tell. */
  readonly message: string | null
  /** 0 for what stands at the margin, 1 for what is below it. */
  readonly indent?: number
}

/** What is going on, step by step. */
export interface Progress {
  update(step: StepUpdate): void
  /** A line of its own, above what is live. */
  say(text: string): void
  /** Leaves the last state on the screen. */
  close(): void
}

/** Live lines on a terminal, one line at the end of each step elsewhere, nothing with `--quiet`. */
export function createProgress(messages: Messages, env: NodeJS.ProcessEnv): Progress {
  if (messages.quiet) return { update: () => {}, say: () => {}, close: () => {} }
  return messages.stream.isTTY && env.TERM !== 'dumb' ? new LiveProgress(messages) : new PlainProgress(messages)
}

class PlainProgress implements Progress {
  readonly #messages: Messages

  constructor(messages: Messages) {
    this.#messages = messages
  }

  update(step: StepUpdate): void {
    if (step.status === 'started') return
    this.#messages.info(formatStep(step, step.status === 'done' ? 'ok  ' : 'FAIL'))
  }

  say(text: string): void {
    this.#messages.info(text)
  }

  close(): void {}
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

class LiveProgress implements Progress {
  readonly #messages: Messages
  readonly #steps = new Map<string, { step: StepUpdate; since: number }>()
  readonly #timer: NodeJS.Timeout
  #drawn = 0
  #frame = 0

  constructor(messages: Messages) {
    this.#messages = messages
    this.#timer = setInterval(() => this.#draw(), 100)
    this.#timer.unref()
  }

  update(step: StepUpdate): void {
    this.#steps.set(step.key, { step, since: this.#steps.get(step.key)?.since ?? Date.now() })
    this.#draw()
  }

  say(text: string): void {
    this.#erase()
    this.#messages.info(text)
    this.#draw()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#draw()
  }

  #draw(): void {
    this.#erase()
    this.#frame += 1
    this.#settle()
    const live = [...this.#steps.values()].flatMap(({ step, since }) => {
      const shown = step.status === 'started' ? { ...step, durationMs: Date.now() - since } : step
      return this.#lines(shown)
    })
    // More than fits can't be taken back.
    const visible = live.slice(-((this.#size('rows') || 24) - 1))
    for (const line of visible) this.#messages.stream.write(`${line}\n`)
    this.#drawn = visible.length
  }

  /** What is done and has nothing unfinished above it stays where it is. */
  #settle(): void {
    for (const [key, { step }] of this.#steps) {
      if (step.status === 'started') return
      for (const line of this.#lines(step)) this.#messages.stream.write(`${line}\n`)
      this.#steps.delete(key)
    }
  }

  #lines(step: StepUpdate): string[] {
    const columns = this.#size('columns') || 80
    return formatStep(step, this.#mark(step.status))
      .split('\n')
      .map((line) => fit(line, columns))
  }

  #size(side: 'rows' | 'columns'): number {
    return (this.#messages.stream as { rows?: number; columns?: number })[side] ?? 0
  }

  #erase(): void {
    if (this.#drawn > 0) this.#messages.stream.write(`\u001b[${this.#drawn}A\u001b[0J`)
    this.#drawn = 0
  }

  #mark(status: StepStatus): string {
    const { paint } = this.#messages
    if (status === 'started') return paint.yellow(frames[this.#frame % frames.length] ?? '')
    return status === 'done' ? paint.green('✓') : paint.red('✗')
  }
}

function formatStep(step: StepUpdate, mark: string): string {
  const took = step.durationMs === null ? '' : `  ${formatElapsed(step.durationMs)}`
  const margin = '  '.repeat(step.indent ?? 0)
  const message = step.message
    ? `\n${step.message
        .split('\n')
        .map((line) => `${margin}    ${line}`)
        .join('\n')}`
    : ''
  return `${margin}${mark} ${step.text}${took}${message}`
}

/** A line that wraps would spoil the count of lines to take back. */
function fit(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line)
  return plain.length < columns ? line : `${plain.slice(0, columns - 2)}…`
}
