import type { Writable } from 'node:stream'
import { styleText } from 'node:util'

/** Colours for one stream: none off a terminal, with NO_COLOR (https://no-color.org) or on a dumb terminal. */
export interface Paint {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  cyan(text: string): string
  /** The colour that an environment's, instance's or build's state has everywhere. */
  state(state: string): string
}

const stateColours: Readonly<Record<string, 'green' | 'red' | 'yellow' | 'cyan' | 'dim'>> = {
  running: 'green',
  healthy: 'green',
  succeeded: 'green',
  failed: 'red',
  unhealthy: 'red',
  suspended: 'cyan',
  stopped: 'dim',
  exited: 'dim',
  deleted: 'dim',
}

export function createPaint(stream: Writable & { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const colours = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
  const style = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    colours ? styleText(format, text, { validateStream: false }) : text
  return {
    bold: style('bold'),
    dim: style('dim'),
    red: style('red'),
    green: style('green'),
    yellow: style('yellow'),
    cyan: style('cyan'),
    state: (state) => style(stateColours[state] ?? 'yellow')(state),
  }
}
