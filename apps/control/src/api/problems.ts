import { type Fault, StandinError } from '@standin/client'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { diskFull, isDiskFull } from '../store/database.ts'

/** Every error becomes a problem document here (RFC 9457), and nowhere else. */
export function toStandinError(error: unknown): StandinError {
  if (error instanceof StandinError) return error
  if (isDiskFull(error)) return diskFull('STANDIN_HOME', error)
  const { validation, validationContext, code, statusCode, message } = error as FastifyError
  if (validation !== undefined) return invalid(validation, validationContext ?? 'body')
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new StandinError('too_large', 'the body of the request is larger than this endpoint takes', { cause: error })
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new StandinError('invalid', message, { cause: error })
  return new StandinError('internal', 'a fault in Standin: its log says more', { hint: 'Look into the log of control', cause: error })
}

export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = toStandinError(error)
  if (problem.status >= 500) request.log.error({ err: error }, problem.message)
  if (problem.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="standin"')
  reply.code(problem.status).type('application/problem+json').send(problem.toProblem())
}

export function answerNotFound(request: FastifyRequest, reply: FastifyReply): void {
  const path = request.url.split('?')[0] ?? ''
  answerError(
    new StandinError('route_not_found', `there is no ${request.method} ${path.slice(0, 200)}`, { hint: 'GET /v1 lists what there is' }),
    request,
    reply,
  )
}

/** Where a value is of one of several kinds and wrong in itself, nobody needs to hear that it is none of the others. */
function withoutOtherKinds(validation: NonNullable<FastifyError['validation']>): NonNullable<FastifyError['validation']> {
  const ofKind = ({ keyword }: { keyword: string }) => keyword === 'anyOf' || keyword === 'type'
  const inThemselves = validation.filter((error) => !ofKind(error))
  const unions = new Set(validation.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath))
  return validation.filter((error) => {
    const at = error.instancePath
    const isBeside = ofKind(error) && unions.has(at)
    return !isBeside || !inThemselves.some(({ instancePath }) => instancePath === at || instancePath.startsWith(`${at}/`))
  })
}

/** All faults of an input, together, each with the path to it. */
function invalid(validation: NonNullable<FastifyError['validation']>, context: string): StandinError {
  const errors: Fault[] = []
  for (const { keyword, instancePath, message, params } of withoutOtherKinds(validation)) {
    // Of a property that may not be there: said once, by what it is not in.
    if (keyword === 'boolean') continue
    const more = (params as { additionalProperties?: unknown }).additionalProperties
    const text = Array.isArray(more) ? `has no ${more.join(', ')}` : (message ?? 'is not valid')
    if (!errors.some((fault) => fault.path === `/${context}${instancePath}` && fault.message === text)) {
      errors.push({ path: `/${context}${instancePath}`, message: text })
    }
  }
  const words = errors.map((fault) => `${fault.path} ${fault.message}`).join('; ')
  return new StandinError('invalid', `the request is not valid: ${words}`, { errors })
}
