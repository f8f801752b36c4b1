import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { StandinError } from '@standin/client/errors'

export interface GatewayConfig {
  /** STANDIN_HOME: the last good table is kept below it, and control is found by what it writes there. */
  readonly home: string
  readonly http: { readonly host: string; readonly port: number }
  /** Address of control; undefined: as `run/control.json` below the home says. */
  readonly control: string | undefined
  readonly tokenFile: string | undefined
}

/**
 * Reads `--home DIR --http HOST:PORT --control URL --token-file FILE`. Flag, then environment, then default.
 * @throws StandinError `invalid`
 */
export const readConfig = (args: readonly string[], environment: NodeJS.ProcessEnv = process.env): GatewayConfig => {
  const flags = parse(args)
  return {
    home: flags.home ?? environment.STANDIN_HOME ?? join(environment.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'standin'),
    http: parseListener('--http', flags.http ?? '127.0.0.1:8080'),
    control: flags.control,
    tokenFile: flags['token-file'],
  }
}

const options = {
  home: { type: 'string' },
  http: { type: 'string' },
  control: { type: 'string' },
  'token-file': { type: 'string' },
} as const

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values
  } catch (error) {
    throw new StandinError('invalid', (error as Error).message, {
      hint: 'The gateway takes --home DIR, --http HOST:PORT, --control URL and --token-file FILE',
      cause: error,
    })
  }
}

/** `127.0.0.1:8080`, `[::1]:0`; port 0 is any free one. */
const parseListener = (flag: string, value: string): { host: string; port: number } => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]+)):([0-9]{1,5})$/.exec(value)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) {
    throw new StandinError('invalid', `${flag} ${value} is not an address to listen on`, {
      hint: `${flag} 127.0.0.1:8080, or [::1]:8080; port 0 is any free one`,
    })
  }
  return { host: (match[1] ?? match[2]) as string, port }
}
