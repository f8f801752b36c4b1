import type { ErrorCode, Reason } from '@standin/client'
import { StandinError } from '@standin/client'

/** Why, before it has a time: who or what made it so, in words, and the error's code where something went wrong. */
export interface Because {
  readonly actor: string
  readonly message: string
  readonly code?: ErrorCode | null
}

export function reasonAt(because: Because, at: number): Reason {
  return { actor: because.actor, code: because.code ?? null, message: because.message, at: new Date(at).toISOString() }
}

/** @param actor who ran into it: `reconciler`, `provider:process` */
export function becauseOf(error: unknown, actor: string): Because {
  if (error instanceof StandinError) return { actor, code: error.code, message: error.message }
  return { actor, code: 'internal', message: error instanceof Error ? error.message : String(error) }
}
