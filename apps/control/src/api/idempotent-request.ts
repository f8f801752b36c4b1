import { createHash } from 'node:crypto'
import { StandinError } from '@standin/client'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IdempotencyKeys } from '../store/idempotency.ts'

/** A request with an Idempotency-Key: within the transaction that makes something, say what it is. */
export interface IdempotentRequest {
  readonly token: string
  readonly key: string
  /** @param reference `environment:1001`, `build:3` */
  refer(reference: string): void
}

/** What an interrupted request had made already. Throws where it isn't there any more. */
export type Recall = (reference: string) => { status: number; body: unknown }

/**
 * Mutations may carry an `Idempotency-Key`: the same request with the same key is done once and answered alike for 24 h,
 * also when control died before it could answer. Answers that are errors are not kept: nothing was done.
 */
export function acceptIdempotencyKeys(app: FastifyInstance, keys: IdempotencyKeys, recall: Recall): void {
  const running = new Map<string, Promise<void>>()
  const ends = new WeakMap<FastifyRequest, () => void>()
  app.decorateRequest('idempotent', null)

  app.addHook('preHandler', async (request, reply) => {
    const key = request.headers['idempotency-key']
    const { caller } = request
    if (key === undefined || caller === null || request.method === 'GET' || request.routeOptions.config.kept === false) return
    if (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key)) {
      throw new StandinError('invalid', 'the Idempotency-Key is not 1 to 200 visible ASCII characters')
    }
    const token = caller.tokenId
    const name = `${token} ${key}`
    while (running.has(name)) await running.get(name)
    const kept = keys.claim(token, key, fingerprintOf(request))
    if (kept?.status != null) return answerKept(reply, kept.status, kept.body)
    if (kept?.reference != null) {
      const { status, body } = recall(kept.reference)
      return reply.code(status).send(body)
    }
    running.set(name, new Promise((end) => ends.set(request, end)))
    request.idempotent = { token, key, refer: (reference) => keys.refer(token, key, reference) }
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const { idempotent } = request
    if (idempotent === null) return
    const { token, key } = idempotent
    const { statusCode } = reply
    if (statusCode < 300 && (typeof payload === 'string' || payload == null)) keys.keep(token, key, statusCode, payload ?? '')
    else keys.release(token, key)
    end(request)
  })

  // Once, when the handler has settled: a client that goes away earlier does not end what it asked for.
  const end = (request: FastifyRequest) => {
    const settle = ends.get(request)
    if (settle === undefined || request.idempotent === null) return
    ends.delete(request)
    running.delete(`${request.idempotent.token} ${request.idempotent.key}`)
    settle()
  }
  app.addHook('onResponse', async (request) => end(request))
}

function answerKept(reply: FastifyReply, status: number, body: string | null): FastifyReply {
  reply.code(status).header('idempotency-replayed', 'true')
  if (body === null || body === '') return reply.send()
  return reply
    .type('application/json; charset=utf-8')
    .serializer((text: unknown) => text as string)
    .send(body)
}

function fingerprintOf(request: FastifyRequest): string {
  const hash = createHash('sha256').update(`${request.method} ${request.url}\n`)
  // An upload is a stream: its length must do.
  const body = request.body === undefined || isStream(request.body) ? request.headers['content-length'] : JSON.stringify(request.body)
  return hash.update(body ?? '').digest('hex')
}

function isStream(body: unknown): boolean {
  return typeof (body as { pipe?: unknown } | null)?.pipe === 'function'
}
