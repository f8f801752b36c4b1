import { type Problem, StandinError } from '@standin/client'
import type { PluginContext, PluginHooks } from '@standin/core'
import Type, { type Static } from 'typebox'
import { SourceFailure } from './sources/directory.ts'
import { Most } from './sources/source-options.ts'

/** A source as somebody may ask for it. */
export interface AskedSource {
  readonly id: string
  readonly kind: 'ldap' | 'okta'
  readonly schedule: string
  readonly timeZone: string
  readonly dryRun: boolean
  /** Attributes that are given out as CSV. */
  readonly export: readonly string[]
}

/** Reads a source and says what is to be done, and does it if it is a run. */
export type Follow = (asked: {
  readonly kind: 'plan' | 'run'
  readonly most: Static<ReturnType<typeof Most>> | undefined
  readonly signal: AbortSignal
  readonly print: (line: string) => void
}) => Promise<void>

/** What somebody asked for. */
interface AskedRun {
  readonly number: number
  readonly source: string
  readonly kind: 'plan' | 'run'
  state: 'running' | 'done' | 'failed'
  readonly lines: string[]
  error: Problem | null
}

const mostLines = 2_000
const Body = Type.Object({ most: Type.Optional(Most()) }, { additionalProperties: false })

/**
 * `GET /sources`; `POST /sources/<id>/plan` and `/run`, which answer with what is begun, and `GET /sources/<id>/asked/<number>` with how
 * far it is: nobody's connection has to last as long as a directory takes. Of each source, the last one is kept until control ends.
 */
export class AskedRuns {
  readonly #sources: ReadonlyMap<string, { readonly about: AskedSource; readonly follow: Follow }>
  readonly #log: PluginContext['log']
  readonly #runs = new Map<string, AskedRun>()
  #signal = AbortSignal.abort()
  #count = 0

  constructor(sources: readonly { readonly about: AskedSource; readonly follow: Follow }[], log: PluginContext['log']) {
    this.#sources = new Map(sources.map((source) => [source.about.id, source]))
    this.#log = log
  }

  /** @param signal ends what goes on */
  start(signal: AbortSignal): void {
    this.#signal = signal
  }

  readonly routes: NonNullable<PluginHooks['routes']> = async (app) => {
    app.get('/sources', () => ({ items: [...this.#sources.values()].map(({ about }) => about) }))
    for (const kind of ['plan', 'run'] as const) {
      app.post<{ Params: { id: string }; Body: Static<typeof Body> | null }>(
        `/sources/:id/${kind}`,
        { config: { scope: 'admin' }, schema: { body: Type.Union([Body, Type.Null()]) } },
        ({ params, body, pluginCaller }, reply) => {
          const run = this.#begin(params.id, kind, body?.most)
          this.#log.info({ source: run.source, kind, by: pluginCaller?.actor }, 'somebody asks for a source')
          reply.code(202)
          return run
        },
      )
    }
    app.get<{ Params: { id: string; number: string } }>('/sources/:id/asked/:number', { config: { scope: 'admin' } }, ({ params }) => {
      const run = this.#runs.get(params.id)
      if (run !== undefined && String(run.number) === params.number) return run
      throw new StandinError('route_not_found', `nothing is known of it: control was started again, or ${params.id} was asked for anew`)
    })
  }

  #begin(id: string, kind: AskedRun['kind'], most: Static<typeof Body>['most']): AskedRun {
    const source = this.#sources.get(id)
    if (source === undefined) {
      const ids = [...this.#sources.keys()].join(', ')
      throw new StandinError('route_not_found', `there is no source ${id.slice(0, 80)}`, ids === '' ? {} : { hint: `There are: ${ids}` })
    }
    if (kind === 'run' && source.about.dryRun) {
      throw new StandinError('state_conflict', `${id} has dryRun: true in its configuration`, {
        hint: 'Ask for its plan, or take that out',
      })
    }
    if (this.#runs.get(id)?.state === 'running') throw new StandinError('state_conflict', `${id} is being read for somebody already`)
    this.#count += 1
    const run: AskedRun = { number: this.#count, source: id, kind, state: 'running', lines: [], error: null }
    this.#runs.set(id, run)
    const print = (line: string) => {
      if (run.lines.length < mostLines) run.lines.push(line)
    }
    void source.follow({ kind, most, signal: this.#signal, print }).then(
      () => {
        run.state = 'done'
      },
      (error: unknown) => {
        run.error = problemOf(error)
        run.state = 'failed'
      },
    )
    return run
  }
}

function problemOf(error: unknown): Problem {
  if (error instanceof StandinError) return error.toProblem()
  const code = error instanceof SourceFailure ? 'upstream_failed' : 'plugin_failed'
  return new StandinError(code, error instanceof Error ? error.message : String(error)).toProblem()
}
