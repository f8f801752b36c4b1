import { errorTable } from '@standin/client/errors'
import { type ExitKind, exitCodes, exitMeanings } from './exit-codes.ts'

/** docs/reference/exit-codes.md, made from the table; a test compares the two. */
export function exitCodesPage(): string {
  const rows = (Object.keys(exitCodes) as ExitKind[]).map((kind) => {
    const codes = Object.entries(errorTable).flatMap(([code, error]) => (error.kind === kind ? [`\`${code}\``] : []))
    return `| ${exitCodes[kind]} | ${kind} | ${exitMeanings[kind]} | ${codes.join(', ')} |`
  })
  return `<!-- Made from apps/cli/src/exit-codes.ts; \`pnpm vitest run apps/cli -u\` makes it anew. -->

# Exit codes

What \`standin\` ends with, for scripts. A number is never given another meaning. \`exec\` ends with the exit code of the command
that it ran, or 128 + signal number where a signal ended that.

| exit code | kind | when | error codes |
|---|---|---|---|
${rows.join('\n')}
`
}
