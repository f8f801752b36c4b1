import Type, { type TSchema } from 'typebox'
import type { Scope } from '../schemas/server.ts'

/** One request that control answers, and how. */
export interface ApiEndpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With `:param`s, as fastify writes them. */
  readonly path: string
  /** The least scope that a token needs; null: no token at all. */
  readonly scope: Scope | null
  readonly summary: string
  readonly params?: TSchema
  readonly querystring?: TSchema
  /** JSON. An endpoint that takes something else has `upload` instead. */
  readonly body?: TSchema
  /** Media type of a body that isn't JSON and is streamed. */
  readonly upload?: string
  /** Successful answers by status; all others are problem documents. */
  readonly response: Readonly<Record<number, TSchema>>
  /** Answers that are streams: what carries them, and what each event or line holds. */
  readonly stream?: {
    readonly type: 'text/event-stream' | 'application/x-ndjson' | 'websocket'
    readonly items: Readonly<Record<string, TSchema>>
  }
}

/** Of one resource, by what is done to it. */
export type Endpoints = Readonly<Record<string, ApiEndpoint>>

export const EnvironmentParams = Type.Object({ ref: Type.String({ minLength: 1, maxLength: 63, description: 'Name or configId' }) })
/** 204: there is nothing to say. */
export const Nothing = Type.Null()
