import { getSystemErrorMessage } from 'node:util'

/** What the system says of an error, in its words: `connection refused`. Of others, their message. */
export function systemWords({ errno, message }: NodeJS.ErrnoException): string {
  try {
    return errno === undefined ? message : getSystemErrorMessage(errno)
  } catch {
    // A number that it does not know.
    return message
  }
}
