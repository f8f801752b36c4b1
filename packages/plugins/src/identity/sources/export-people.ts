import { StandinError } from '@standin/client'
import type { PluginHooks } from '@standin/core'
import { SourceFailure } from './directory.ts'
import type { LdapSource } from './ldap/ldap-source.ts'

/**
 * `GET /sources/<id>/people.csv?columns=uid,mail`: who is in a directory now, for a blueprint's fixture. For managers everywhere alone, and
 * only attributes that the configuration gives out.
 */
export function exportRoutes(sources: readonly LdapSource[]): NonNullable<PluginHooks['routes']> {
  return async (app) => {
    app.get<{ Params: { id: string }; Querystring: { columns?: string } }>('/sources/:id/people.csv', async (request, reply) => {
      const { id } = request.params
      const source = sources.find((each) => each.id === id)
      if (source === undefined) throw new StandinError('route_not_found', `there is no LDAP source ${id.slice(0, 80)}`)
      const given = source.exported
      const columns = request.query.columns?.split(',') ?? given
      const fault = columns.find((column) => !given.includes(column))
      if (fault !== undefined || columns.length === 0) {
        throw new StandinError('invalid', `the source ${id} does not give out ${fault || 'anything'}`, {
          hint: given.length === 0 ? 'Name attributes in people.export of its configuration' : `It gives out ${given.join(', ')}`,
        })
      }
      const stop = new AbortController()
      reply.raw.once('close', () => stop.abort(new StandinError('interrupted', 'nobody waits for it any more')))
      let rows: string[][]
      try {
        rows = await source.rows(columns, stop.signal)
      } catch (error) {
        if (error instanceof SourceFailure) throw new StandinError('upstream_failed', error.message, { cause: error })
        throw error
      }
      return reply.type('text/csv; charset=utf-8').send([columns, ...rows].map(toLine).join(''))
    })
  }
}

/** RFC 4180, section 2. */
function toLine(values: readonly string[]): string {
  return `${values.map((value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')}\r\n`
}
