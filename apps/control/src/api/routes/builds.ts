import { PassThrough, type Readable } from 'node:stream'
import { api, StandinError } from '@standin/client'
import type { FastifyInstance } from 'fastify'
import type { Authority } from '../../access/authority.ts'
import { uploadLimits } from '../../builder/accept-upload.ts'
import type { Builder } from '../../builder/builder.ts'
import { type Builds, buildNotFound, toBuild } from '../../store/builds.ts'
import { roleIn } from '../../store/people/user-access.ts'
import { endpoint } from '../endpoint.ts'

export interface BuildRoutesDependencies {
  readonly builds: Builds
  readonly builder: Builder
  readonly authority: Authority
}

const uploadTypes = ['application/gzip', 'application/x-gzip', 'application/octet-stream']

/** Builds: an upload begins one. */
export function buildRoutes(app: FastifyInstance, { builds, builder, authority }: BuildRoutesDependencies): void {
  // The upload is unpacked while it comes; it is never held in memory.
  app.addContentTypeParser(uploadTypes, (_, payload, done) => done(null, payload))

  endpoint(app, 'builds.list', api.builds.list, ({ query, caller }) => {
    const { items, nextCursor } = builds.list({ limit: query.limit ?? 100, cursor: query.cursor, seenBy: caller.user })
    return { items: items.map(toBuild), nextCursor }
  })

  endpoint(app, 'builds.get', api.builds.get, ({ params, caller }) => {
    const build = builds.require(params.id)
    if (caller.user !== null && roleIn(caller.user, build.project) === null) throw buildNotFound(params.id)
    return toBuild(build)
  })

  endpoint(
    app,
    'builds.create',
    api.builds.create,
    async ({ query, caller, request, reply }) => {
      // In which project it tells itself, once it is here: an upload may fill a disk.
      authority.somewhere('building a template', caller.user, 'editor')
      const upload = request.body as unknown
      if (!isStream(upload)) {
        throw new StandinError('invalid', 'the body is no upload', { hint: `Send a gzipped tar as ${uploadTypes[0]}` })
      }
      const build = await builder.submit(guarded(upload), query, caller, (id) => request.idempotent?.refer(`build:${id}`))
      return reply.code(202).send(toBuild(build))
    },
    { bodyLimit: uploadLimits.bytes },
  )
}

/**
 * A request whose reader may give up: what is left of it is read and dropped then, so that its sender gets to read the
 * answer. A sender that goes away is an error, not an end.
 */
function guarded(request: Readable): Readable {
  const body = new PassThrough()
  request.pipe(body)
  request.on('error', (error) => body.destroy(error))
  request.on('close', () => {
    if (!request.readableEnded) body.destroy(new StandinError('interrupted', 'the upload broke off'))
  })
  body.on('error', () => {})
  body.on('close', () => {
    request.unpipe(body)
    request.resume()
  })
  return body
}

function isStream(value: unknown): value is Readable {
  return typeof (value as Readable | null)?.pipe === 'function'
}
