import type { ExitKind } from './exit-codes.ts'

/** An end of the CLI that is no fault of Standin's and so has no code in the error table. */
export class Ending extends Error {
  override readonly name = 'Ending'
  readonly kind: ExitKind
  /** Overrides the table: `exec` passes on the exit code of the command that it ran. */
  readonly exitCode: number | undefined

  constructor(kind: ExitKind, message = '', exitCode?: number) {
    super(message)
    this.kind = kind
    this.exitCode = exitCode
  }
}
