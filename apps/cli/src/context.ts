import type { Readable, Writable } from 'node:stream'
import type { StandinClient } from '@standin/client/connect'
import type { Connection, ConnectionFlags } from './connection.ts'
import { Messages } from './messages.ts'
import { type Format, Output } from './output.ts'

export interface GlobalFlags extends ConnectionFlags {
  readonly output?: Format
  readonly json?: boolean
  readonly quiet?: boolean
  /** False with `--no-input`. */
  readonly input?: boolean
}

/** What the CLI gets from its process. */
export interface Surroundings {
  readonly stdin: Readable & { isTTY?: boolean; setRawMode?(on: boolean): unknown }
  readonly stdout: Writable & { isTTY?: boolean; columns?: number; rows?: number }
  readonly stderr: Writable & { isTTY?: boolean; columns?: number }
  readonly env: NodeJS.ProcessEnv
  /** Fires at Ctrl-C (reason: an Ending `interrupted`) and SIGTERM (`terminated`). */
  readonly signal: AbortSignal
}

/** What a verb works with. */
export interface Context extends Surroundings {
  readonly flags: GlobalFlags
  readonly output: Output
  readonly messages: Messages
  /** Whether somebody is there to be asked. */
  readonly interactive: boolean
  /** Where the platform is, and the token: for what is not a call of the client. */
  findConnection(): Promise<Connection>
  /** The client for the platform that the flags, the environment and the files name; made at the first call. */
  connect(): Promise<StandinClient>
}

export function createContext(surroundings: Surroundings, flags: GlobalFlags): Context {
  const { stdin, stdout, stderr, env } = surroundings
  const format: Format = flags.json ? 'json' : (flags.output ?? 'table')
  let connection: Promise<Connection> | undefined
  const findConnection = () => {
    connection ??= import('./connection.ts').then((module) => module.findConnection(flags, env))
    return connection
  }
  let client: Promise<StandinClient> | undefined
  return {
    ...surroundings,
    flags,
    output: new Output(stdout, format, env),
    messages: new Messages(stderr, env, flags.quiet ?? false),
    interactive: flags.input !== false && stdin.isTTY === true && stderr.isTTY === true,
    findConnection,
    connect: () => {
      client ??= (async () => {
        const [found, { StandinClient }] = await Promise.all([findConnection(), import('@standin/client/connect')])
        return new StandinClient({ ...found, signal: surroundings.signal })
      })()
      return client
    },
  }
}
