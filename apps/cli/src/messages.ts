import type { Writable } from 'node:stream'
import type { StandinError } from '@standin/client/errors'
import { createPaint, type Paint } from './paint.ts'

/** What is said to people goes to stderr through this. */
export class Messages {
  readonly stream: Writable & { isTTY?: boolean }
  readonly paint: Paint
  readonly quiet: boolean

  constructor(stream: Writable & { isTTY?: boolean }, env: NodeJS.ProcessEnv, quiet: boolean) {
    this.stream = stream
    this.paint = createPaint(stream, env)
    this.quiet = quiet
  }

  /** What was done or is going on; silenced by `--quiet`. */
  info(text: string): void {
    if (!this.quiet) this.stream.write(`${text}\n`)
  }

  warn(text: string): void {
    this.stream.write(`${this.paint.yellow('warning:')} ${text}\n`)
  }

  error(text: string): void {
    this.stream.write(`${this.paint.red('error:')} ${text}\n`)
  }

  /** What happened and to which thing, then every fault with its place, then what to do next. */
  fault(error: StandinError): void {
    this.error(error.message)
    // A message that tells its faults need not be followed by them.
    const untold = (error.errors ?? []).filter(({ path, message }) => path === '' || !error.message.includes(`${path} ${message}`))
    for (const fault of untold) this.stream.write(`  ${formatFault(fault)}\n`)
    if (error.hint) this.stream.write(`${this.paint.dim('next:')} ${error.hint}\n`)
  }
}

/** `compose.yaml:12:5: services.web.ports: …`, the form that editors jump to. */
export function formatFault(fault: NonNullable<StandinError['errors']>[number]): string {
  const place = [fault.file, fault.line, fault.column].filter((part) => part !== undefined).join(':')
  return [place, fault.path, fault.message].filter((part) => part !== '').join(': ')
}
