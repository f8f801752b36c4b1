import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Messages } from './messages.ts'
import { createProgress, type StepStatus } from './progress.ts'

function open(options: { isTTY?: boolean; quiet?: boolean } = {}) {
  const stream = Object.assign(new PassThrough(), { isTTY: options.isTTY ?? false, columns: 30, rows: 10 })
  const env = { NO_COLOR: '1' }
  const progress = createProgress(new Messages(stream, env, options.quiet ?? false), env)
  const step = (key: string, status: StepStatus, durationMs: number | null = null, message: string | null = null) =>
    progress.update({ key, text: key, status, durationMs, message })
  return { progress, step, read: () => String(stream.read() ?? '') }
}

/** What a terminal shows after it was sent `text`: the program moves up and clears below, nothing else. */
function screen(text: string): string[] {
  const lines: string[] = ['']
  for (const part of text.replaceAll('\u001b', 'ESC').split(/(ESC\[\d+AESC\[0J|\n)/)) {
    const up = /^ESC\[(\d+)A/.exec(part)
    if (up) {
      lines.splice(lines.length - 1 - Number(up[1]), lines.length)
      lines.push('')
    } else if (part === '\n') lines.push('')
    else lines[lines.length - 1] += part
  }
  return lines.slice(0, -1)
}

describe('progress elsewhere than on a terminal', () => {
  it('is a line at the end of each step, with its time and what it said', () => {
    const { step, progress, read } = open()
    step('create', 'started')
    step('create', 'done', 120)
    step('web: start', 'failed', 2500, 'no such file\nexit code 1')
    progress.say('1001 failed.')
    progress.close()
    expect(read()).toBe('ok   create  120ms\nFAIL web: start  2.5s\n    no such file\n    exit code 1\n1001 failed.\n')
  })

  it('is nothing with --quiet', () => {
    const { step, progress, read } = open({ quiet: true })
    step('create', 'done', 120)
    progress.say('x')
    expect(read()).toBe('')
  })
})

describe('progress on a terminal', () => {
  it('changes lines where they are, and leaves the last state behind', () => {
    const { step, progress, read } = open({ isTTY: true })
    step('create', 'started')
    step('create', 'done', 120)
    step('start', 'started')
    progress.say('Something happened.')
    step('start', 'failed', 90)
    progress.close()
    expect(screen(read())).toEqual(['✓ create  120ms', 'Something happened.', '✗ start  90ms'])
  })

  it('keeps what is below an unfinished step live, and shortens what would wrap', () => {
    const { step, progress, read } = open({ isTTY: true })
    step('phase', 'started')
    step('a step with a name that is much too long', 'done', 10)
    step('phase', 'done', 20)
    progress.close()
    expect(screen(read())).toEqual(['✓ phase  20ms', '✓ a step with a name that is…'])
  })
})
