import type { Loose, QueryOf, RequestOptions } from '../endpoint-types.ts'
import type { Build, CreateBuildQuery } from '../schemas/templates.ts'
import type { Transport } from '../transport.ts'

export class Builds {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  list(query: Loose<NonNullable<QueryOf<'GET /v1/builds'>>> = {}, options: RequestOptions = {}) {
    return this.#transport.call('GET /v1/builds', { ...options, query })
  }

  /** @throws StandinError `build_not_found` */
  get(id: number, options: RequestOptions = {}): Promise<Build> {
    return this.#transport.call('GET /v1/builds/:id', { ...options, params: { id } })
  }

  /**
   * Answers once the archive is there and the blueprint is valid; follow the build with `events.follow({ build: id })`.
   * @param tar gzipped tar of the blueprint's folder. Bytes and blobs are sent again where the connection breaks, a
   *   stream is not (and browsers send none over HTTP/1.1).
   * @throws StandinError `blueprint_invalid` with all faults, `fixture_invalid`, `too_large`, `disk_full`
   */
  create(
    tar: ReadableStream<Uint8Array> | Blob | Uint8Array<ArrayBuffer>,
    query: Loose<CreateBuildQuery> = {},
    options: RequestOptions = {},
  ): Promise<Build> {
    const upload = { type: 'application/gzip', body: tar, repeatable: !(tar instanceof ReadableStream) }
    return this.#transport.upload('POST /v1/builds', upload, { ...options, query })
  }
}
