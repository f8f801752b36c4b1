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
    for (const fault of (error.errors ?? []).filter((each) => !isTold(error.message, each))) this.stream.write(`  ${formatFault(fault)}\n`)
    if (error.hint) this.stream.write(`${this.paint.dim('next:')} ${error.hint}\n`)
  }
}

type Fault = NonNullable<StandinError['errors']>[number]

/** A message that tells a fault need not be followed by it, unless only the fault has its place in a file. */
function isTold(message: string, fault: Fault): boolean {
  return message.includes(fault.message) && (fault.file === undefined || message.includes(placeOf(fault)))
}

/** `compose.yaml:12:5: services.web.ports: …`, the form that editors jump to; `--workers 0: …`. */
export function formatFault(fault: Fault): string {
  if (fault.path.startsWith('--')) return `${fault.path} ${fault.message}`
  return [placeOf(fault), fault.path, fault.message].filter((part) => part !== '').join(': ')
}

function placeOf({ file, line, column }: Fault): string {
  return [file, line, column].filter((part) => part !== undefined).join(':')
}
