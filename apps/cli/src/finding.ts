/** What `doctor` has found out about one thing. */
export interface Finding {
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed'
  readonly message: string
  readonly hint?: string
}
