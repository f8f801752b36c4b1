import type { JsonValue } from '@standin/core'
import type { Page } from '../../page/page.ts'
import type { Repository } from '../git/repository.ts'
import type { IndexEntry, PageWriter } from '../page-writer.ts'
import type { PageFolder } from './page-folder.ts'

/** Pages as Markdown files, in a git repository where there is one. */
export class MarkdownWriter implements PageWriter {
  readonly id: string
  readonly format = 'markdown-2'
  readonly #folder: PageFolder
  readonly #repository: Repository | null
  readonly #vanished: 'purge' | 'archive'

  constructor(id: string, folder: PageFolder, repository: Repository | null, vanished: 'purge' | 'archive') {
    this.id = id
    this.#folder = folder
    this.#repository = repository
    this.#vanished = vanished
  }

  write(page: Page, _known: JsonValue | undefined, signal: AbortSignal): Promise<JsonValue> {
    return this.#folder.write(page, signal)
  }

  remove({ key }: IndexEntry, signal: AbortSignal): Promise<void> {
    return this.#folder.remove(key, this.#vanished, signal)
  }

  async finish(index: readonly IndexEntry[], signal: AbortSignal): Promise<void> {
    await this.#folder.writeIndex(index, signal)
    await this.#repository?.commit(`Pages of ${index.length} environments`, signal)
  }
}
