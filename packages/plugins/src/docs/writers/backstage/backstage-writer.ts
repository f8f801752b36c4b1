import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { JsonValue } from '@standin/core'
import { stringify } from 'yaml'
import type { Page } from '../../page/page.ts'
import type { Repository } from '../git/repository.ts'
import type { IndexEntry, PageWriter } from '../page-writer.ts'
import { replaceFile } from '../replace-file.ts'
import { environmentEntity, locationEntity } from './catalog-entity.ts'

const locationFile = 'catalog-info.yaml'

export interface BackstageWriterOptions {
  readonly id: string
  readonly folder: string
  /** Of owners and systems. */
  readonly namespace: string
  readonly vanished: 'purge' | 'archive'
}

/** Environments as entities of a Backstage catalog: a file each, and `catalog-info.yaml`, which is registered once. */
export class BackstageWriter implements PageWriter {
  readonly id: string
  readonly format: string
  readonly #options: BackstageWriterOptions
  readonly #repository: Repository | null

  constructor(options: BackstageWriterOptions, repository: Repository | null) {
    this.id = options.id
    this.format = `backstage-1 ${options.namespace}`
    this.#options = options
    this.#repository = repository
  }

  async write(page: Page): Promise<JsonValue> {
    const file = `${page.key}.yaml`
    await mkdir(this.#options.folder, { recursive: true })
    await replaceFile(this.#path(file), stringify(environmentEntity(page, this.#options.namespace)))
    return file
  }

  async remove({ key }: IndexEntry): Promise<void> {
    const file = `${key}.yaml`
    if (this.#options.vanished === 'purge') return rm(this.#path(file), { force: true })
    await mkdir(this.#path('archive'), { recursive: true })
    await rename(this.#path(file), this.#path(join('archive', file))).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
  }

  async finish(index: readonly IndexEntry[], signal: AbortSignal): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true })
    await replaceFile(this.#path(locationFile), stringify(locationEntity(index.map(({ known }) => String(known)))))
    await this.#repository?.commit(`Catalog entities of ${index.length} environments`, signal)
  }

  #path(file: string): string {
    return join(this.#options.folder, file)
  }
}
