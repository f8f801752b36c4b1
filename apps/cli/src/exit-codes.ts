import type { ErrorKind } from '@standin/client/errors'

/** What the CLI can end with besides the kinds of the error table. */
type Ending = 'ok' | 'quota' | 'closed-output' | 'interrupted' | 'terminated'

/**
 * The published exit codes: scripts rely on them, so a number is never given another meaning. One for each `kind` of the
 * error table in `@standin/client`; those from 128 up are the shell's convention of 128 + signal number.
 */
export const exitCodes = {
  ok: 0,
  internal: 1,
  usage: 2,
  authentication: 3,
  'not-found': 4,
  timeout: 5,
  unhealthy: 6,
  quota: 7,
  conflict: 8,
  unreachable: 9,
  interrupted: 130,
  'closed-output': 141,
  terminated: 143,
} as const satisfies Record<ErrorKind | Ending, number>

export type ExitKind = keyof typeof exitCodes

/** For the reference page: when each one is given. */
export const exitMeanings: Readonly<Record<ExitKind, string>> = {
  ok: 'It worked, and what was waited for has come.',
  internal: 'A fault in Standin itself.',
  usage: 'A flag, an argument, a file or a request is not valid, or a question could not be asked. Nothing was changed.',
  authentication: 'There is no valid token, or its scope or the roles of its user do not allow this.',
  'not-found': 'No such environment, template, channel, host, build, token, user, group or role, or none that you see.',
  timeout: 'It took longer than `--timeout`. What was begun goes on.',
  unhealthy: 'The environment or the build failed: a health check, a launch step, a phase, a check, a host.',
  quota: 'A limit does not allow it.',
  conflict: 'It is not possible in this state: a name or a port is taken, something is in use.',
  unreachable: 'The control plane can not be reached, or does not run.',
  interrupted: 'Ctrl-C. What was begun goes on, unless the message says otherwise.',
  'closed-output': 'Whoever read the output closed it, e.g. `standin list | head -1`.',
  terminated: 'SIGTERM.',
}
