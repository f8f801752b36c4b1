import { errorTable } from '@standin/client'
import { exitCodes } from '../apps/cli/src/exit-codes.ts'

export function errorsPage(): string {
  const errors = Object.entries(errorTable)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([code, { status, kind, title }]) => `| \`${code}\` | ${title} | ${status} | ${kind} | ${exitCodes[kind]} |`)
  return `# Errors

Every fault that Standin reports has a code from this table, wherever it is met: in an answer of the [API](api.md) (a problem
document, RFC 9457, \`application/problem+json\`, see [Problem](schemas.md#problem)), as \`StandinError.code\` in the client, as the
reason of an environment or a build that failed, on a page of the gateway, and as \`error.code\` with \`--json\` on the command
line. \`detail\` says what happened and to which thing, \`hint\` what to do next, \`errors\` lists every fault of an input at once. The command line ends with the [exit code](exit-codes.md)
of the error's kind.

| code | | status | kind | exit code |
|---|---|---|---|---|
${errors.join('\n')}
`
}
