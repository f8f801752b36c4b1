import type { Static, TSchema } from 'typebox'
import type { ApiEndpoint, api } from './api.ts'

/**
 * Types of calls, made from the table of endpoints. Only types: who calls the API need not load the schemas, which takes
 * a command line longer than the call.
 */

type Groups = typeof api
type Listed = { [G in keyof Groups]: Groups[G][keyof Groups[G]] }[keyof Groups]
type RouteOf<E extends ApiEndpoint> = E extends ApiEndpoint ? `${E['method']} ${E['path']}` : never

/** `GET /v1/environments/:ref` and all the others. */
export type Route = RouteOf<Listed>
type EndpointOf<R extends Route> = R extends `${infer M} ${infer P}` ? Extract<Listed, { method: M; path: P }> : never

type StaticOf<E, K extends string> = E extends Record<K, infer S extends TSchema> ? Static<S> : undefined
/** What is undefined is left out on the wire, so callers may pass it on. */
export type Loose<T> = T extends readonly unknown[] ? T : { [K in keyof T]: T[K] | undefined }

export type ParamsOf<R extends Route> = StaticOf<EndpointOf<R>, 'params'>
export type QueryOf<R extends Route> = StaticOf<EndpointOf<R>, 'querystring'>
export type BodyOf<R extends Route> = StaticOf<EndpointOf<R>, 'body'>
type Responses<R extends Route> = EndpointOf<R>['response']
export type AnswerOf<R extends Route> = Responses<R>[keyof Responses<R>] extends infer S extends TSchema ? Static<S> : never

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined
  /** Of a mutation; default: a new one. The same key with the same request gives the same answer for 24 hours. */
  readonly idempotencyKey?: string | undefined
}

type Needed<K extends string, V> = [V] extends [undefined] ? unknown : Record<K, V>
export type CallOptions<R extends Route> = RequestOptions &
  Needed<'params', ParamsOf<R>> &
  Needed<'body', BodyOf<R>> & { readonly query?: Loose<NonNullable<QueryOf<R>>> | undefined }
