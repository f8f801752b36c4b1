import { join } from 'node:path'
import { StandinError } from '@standin/client'
import type { JsonValue } from '@standin/core'
import { stringify } from 'yaml'
import type { Page } from '../../page/page.ts'
import type { Repository } from '../git/repository.ts'
import type { PageFiles } from '../page-files.ts'
import type { IndexEntry, PageWriter } from '../page-writer.ts'
import { type CatalogEntity, environmentEntity, locationEntity } from './catalog-entity.ts'

const locationFile = 'catalog-info.yaml'
const made = '# Made by Standin, which writes over it.\n'

export interface BackstageWriterOptions {
  readonly id: string
  /** Of owners and systems. */
  readonly namespace: string
  readonly vanished: 'purge' | 'archive'
}

/** Environments as entities of a Backstage catalog: a file each, and `catalog-info.yaml`, which is registered once. */
export class BackstageWriter implements PageWriter {
  readonly id: string
  readonly format: string
  readonly #files: PageFiles
  readonly #options: BackstageWriterOptions
  readonly #repository: Repository | null

  constructor(files: PageFiles, options: BackstageWriterOptions, repository: Repository | null) {
    this.id = options.id
    this.format = `backstage-2 ${options.namespace}`
    this.#files = files
    this.#options = options
    this.#repository = repository
  }

  async write(page: Page, _known: JsonValue | undefined, signal: AbortSignal): Promise<JsonValue> {
    const file = `${page.key}.yaml`
    await this.#replace(file, environmentEntity(page, this.#options.namespace), signal)
    return file
  }

  async remove({ key }: IndexEntry, signal: AbortSignal): Promise<void> {
    const file = `${key}.yaml`
    await this.#files.names(signal)
    if (!(await this.#files.beginsWith(file, made))) return
    await (this.#options.vanished === 'purge' ? this.#files.remove(file) : this.#files.archive(file))
  }

  async finish(index: readonly IndexEntry[], signal: AbortSignal): Promise<void> {
    this.#files.release()
    const files = index.map(({ known }) => String(known))
    await this.#replace(locationFile, locationEntity(files), signal)
    await this.#repository?.commit(`Catalog entities of ${index.length} environments`, signal)
    this.#files.release()
  }

  async #replace(file: string, entity: CatalogEntity, signal: AbortSignal): Promise<void> {
    await this.#files.names(signal)
    if (!(await this.#files.beginsWith(file, made)) && (await this.#files.read(file)) !== null) {
      throw new StandinError('state_conflict', `${join(this.#files.path, file)} is in the way: it was not made by Standin`, {
        hint: 'Move it elsewhere, or give the entities another folder.',
      })
    }
    await this.#files.replace(file, made + stringify(entity))
  }
}
