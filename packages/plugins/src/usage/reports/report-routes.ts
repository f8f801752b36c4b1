import { Readable } from 'node:stream'
import { StandinError } from '@standin/client'
import type { PluginHooks } from '@standin/core'
import Type, { type Static } from 'typebox'
import { sightOf } from '../sight.ts'
import type { ReportJob, ReportJobs } from './report-jobs.ts'
import { ReportRequest } from './report-request.ts'
import { reportCsv, reportJson } from './report-text.ts'

const ContentQuery = Type.Object({ format: Type.Optional(Type.Enum(['csv', 'json'])) }, { additionalProperties: false })
/** Rows go out so many characters at a time. */
const chunkLength = 64 * 1024
const asking = { scope: 'read', permission: { rule: 'seen' } } as const

/** `POST /reports`, `GET /reports/:id`, `GET /reports/:id/content`, `DELETE /reports/:id`. Whoever may read may ask for reports: on what they see, and for themselves. */
export function reportRoutes(jobs: ReportJobs): NonNullable<PluginHooks['routes']> {
  return async (app) => {
    app.post<{ Body: ReportRequest }>('/reports', { schema: { body: ReportRequest }, config: asking }, async (request, reply) => {
      const job = jobs.create(request.body, sightOf(request))
      return reply
        .code(202)
        .header('location', `${request.url.split('?')[0]}/${job.id}`)
        .send(view(job))
    })

    app.get<{ Params: { id: string } }>('/reports/:id', { config: asking }, async (request) => {
      return view(jobs.get(request.params.id, sightOf(request)))
    })

    app.get<{ Params: { id: string }; Querystring: Static<typeof ContentQuery> }>(
      '/reports/:id/content',
      { schema: { querystring: ContentQuery }, config: asking },
      async ({ params: { id }, query: { format = 'json' }, pluginCaller }, reply) => {
        const { state, report, error } = jobs.get(id, sightOf({ pluginCaller }))
        if (error !== null) throw StandinError.fromProblem(error)
        if (report === null)
          throw new StandinError('state_conflict', `The report is ${state}`, { hint: 'Ask again once its state is done' })
        const isCsv = format === 'csv'
        const name = `usage-${report.from.slice(0, 10)}-${report.to.slice(0, 10)}.${format}`
        return reply
          .type(isCsv ? 'text/csv; charset=utf-8; header=present' : 'application/json; charset=utf-8')
          .header('content-disposition', `attachment; filename="${name}"`)
          .send(Readable.from(chunks(isCsv ? reportCsv(report) : reportJson(report))))
      },
    )

    app.delete<{ Params: { id: string } }>('/reports/:id', { config: asking }, async ({ params: { id }, pluginCaller }, reply) => {
      jobs.delete(id, sightOf({ pluginCaller }))
      return reply.code(204).send()
    })
  }
}

function view({ id, state, request, createdAt, report, error }: ReportJob) {
  const rows = report === null ? null : report.rows.length
  return { id, state, request, createdAt: new Date(createdAt).toISOString(), rows, error }
}

function* chunks(lines: Iterable<string>): Generator<string> {
  let text = ''
  for (const line of lines) {
    text += line
    if (text.length < chunkLength) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}
