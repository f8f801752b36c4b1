import type { CreateFault } from '@standin/client'
import { StandinError } from '@standin/client/errors'
import { formatAge, parseSize, parseSpan } from '../duration.ts'
import { nameOf } from '../environment-text.ts'
import { formatEffect } from '../fault-text.ts'
import { parseName } from '../name.ts'
import { lookUp } from '../transition.ts'
import { dryRunOption, parseCount, type Verb } from '../verb.ts'

interface Options {
  readonly delay?: number
  readonly abort?: number
  readonly reset?: boolean
  readonly throttle?: number
  readonly percent?: number
  readonly header?: NonNullable<CreateFault['header']>
  readonly path?: string
  readonly for?: number
  readonly dryRun?: boolean
}

const defaultForMs = 600_000

export const faultAdd: Verb<readonly [string, string], Options> = {
  description:
    'Requests to the service fail on purpose, as they may in production: say one of --delay, --abort, --reset and --throttle. It\n' +
    'ends by itself. What the gateway answers is marked with the header `Standin-Fault` and in its access log.',
  arguments: [
    { name: '<env>', description: 'name or configId', completes: 'environment' },
    { name: '<service>', description: 'as `standin show` lists them', completes: 'service' },
  ],
  options: [
    { flags: '--delay <duration>', description: 'wait before the request is passed on, 10m at most', parse: parseSpan(1) },
    { flags: '--abort <status>', description: 'answer with this status, from 400 to 599', parse: parseCount(400, 599) },
    { flags: '--reset', description: 'reset the connection' },
    { flags: '--throttle <size>', description: 'pass on so much of the body a second: 10k', parse: parseSize },
    { flags: '--percent <number>', description: 'share of the requests; default: 100', parse: parseCount(1, 100) },
    { flags: '--header <name[: value]>', description: 'only requests with this header', parse: parseHeader },
    { flags: '--path <path>', description: 'only requests for this path, or below it', parse: parsePath },
    { flags: '--for <duration>', description: 'how long; default: 10m, at most 7d', parse: parseSpan(1) },
    dryRunOption,
  ],
  examples: [
    ['standin fault add 1001 api --delay 2s --percent 20 --for 10m', 'one of five requests is slow'],
    ["standin fault add alice www --abort 503 --header 'X-Test: 1'", 'only for those who ask for it'],
    ['standin fault add alice www --throttle 10k --path /download', 'a bad line'],
  ],
  async run(context, [ref, service], options) {
    const { messages, output, signal } = context
    const fault: CreateFault = {
      service: parseName(service),
      ...kindOf(options),
      percent: options.percent ?? 100,
      ...(options.header === undefined ? {} : { header: options.header }),
      ...(options.path === undefined ? {} : { path: options.path }),
      forMs: options.for ?? defaultForMs,
    }
    const [environment] = await lookUp(context, [ref])
    if (!environment) return
    const what = formatEffect(fault, `${service} of ${nameOf(environment)}`)
    if (options.dryRun) {
      messages.info(`Would inject ${what}, for ${formatAge(fault.forMs)}.`)
      return
    }
    const client = await context.connect()
    const added = await client.faults.create(environment.id, fault, { signal })
    messages.info(`${added.id}: ${what}, for ${formatAge(fault.forMs)}. \`standin fault remove ${environment.id} ${added.id}\` ends it.`)
    await output.one(added, () => added.id)
  },
}

function kindOf({ delay, abort, reset, throttle }: Options): Pick<CreateFault, 'kind' | 'delayMs' | 'status' | 'bytesPerSecond'> {
  const kinds = [
    ...(delay === undefined ? [] : [{ kind: 'delay' as const, delayMs: delay }]),
    ...(abort === undefined ? [] : [{ kind: 'abort' as const, status: abort }]),
    ...(reset === undefined ? [] : [{ kind: 'reset' as const }]),
    ...(throttle === undefined ? [] : [{ kind: 'throttle' as const, bytesPerSecond: throttle }]),
  ]
  const [kind, ...more] = kinds
  if (kind === undefined || more.length > 0) {
    throw new StandinError(
      'invalid',
      `A fault is one of --delay, --abort, --reset and --throttle, and ${kind === undefined ? 'none' : 'more than one'} is given.`,
      {
        hint: kind === undefined ? 'Say what should go wrong: --delay 2s.' : 'Add a fault for each.',
      },
    )
  }
  return kind
}

/** `X-Test: 1`, or `X-Test` for any value. */
function parseHeader(text: string): NonNullable<CreateFault['header']> {
  const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*:\s*([\t\x20-\x7e\x80-\xff]*?)\s*)?$/.exec(text) ?? []
  if (name === undefined)
    throw new StandinError('invalid', `'${text}' is not a header.`, { hint: "Write it as 'X-Test: 1', or X-Test for any value." })
  return value === undefined || value === '' ? { name } : { name, value }
}

function parsePath(text: string): string {
  if (!/^(\/[^/?#\s]+)+$/.test(text)) {
    throw new StandinError('invalid', `'${text}' is not the beginning of a path.`, {
      hint: 'Write it as /api, without a slash at its end.',
    })
  }
  return text
}
