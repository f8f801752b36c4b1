import { join } from 'node:path'
import type { Page } from '../../page/page.ts'
import { plainLine } from '../../page/plain-line.ts'
import type { PageFiles } from '../page-files.ts'
import type { IndexEntry } from '../page-writer.ts'
import { made, ownTextOf, withOwnText } from './own-text.ts'
import { escapeText, renderBlocks, renderTable } from './render-markdown.ts'

const indexFile = 'README.md'

/** Pages as files of a folder, `1001-shop-1.md`, and an index. */
export class PageFolder {
  readonly #files: PageFiles
  readonly #indexTitle: string
  /** Names of files by the key that they begin with, of the names that it was made of. */
  #byKey: { readonly names: readonly string[]; readonly files: Map<string, string[]> } | undefined

  constructor(files: PageFiles, indexTitle: string) {
    this.#files = files
    this.#indexTitle = plainLine(indexTitle)
  }

  /** @returns the name of its file */
  async write(page: Page, signal: AbortSignal): Promise<string> {
    const file = fileOf(page)
    const byKey = await this.#open(signal)
    const earlier = await this.#oursOf(page.key, byKey, file)
    // Two files with the same text: it was cut off while the page got another name.
    const own = new Set<string>()
    for (const each of earlier) own.add(await this.#ownText(each))
    await this.#files.replace(file, withOwnText(escapeText(page.title), renderBlocks(page.blocks), [...own].join('')))
    // It has another name now, and what people wrote moved along.
    for (const each of earlier) if (each !== file) await this.#files.remove(each)
    byKey.set(page.key, [file])
    return file
  }

  async remove(key: string, vanished: 'purge' | 'archive', signal: AbortSignal): Promise<void> {
    const byKey = await this.#open(signal)
    for (const file of await this.#oursOf(key, byKey)) await (vanished === 'purge' ? this.#files.remove(file) : this.#files.archive(file))
    byKey.delete(key)
  }

  /** The end of a round. */
  async writeIndex(entries: readonly IndexEntry[], signal: AbortSignal): Promise<void> {
    this.#files.release()
    await this.#open(signal)
    const rows = entries.map(({ title, summary, known }) => [[{ link: String(known), text: title }], summary])
    const own = await this.#ownText(indexFile)
    await this.#files.replace(indexFile, withOwnText(escapeText(this.#indexTitle), renderTable(['Environment', ''], rows), own))
    // Until the next round people and git may change it.
    this.#files.release()
  }

  async #open(signal: AbortSignal): Promise<Map<string, string[]>> {
    const names = await this.#files.names(signal)
    if (this.#byKey?.names !== names) this.#byKey = { names, files: listByKey(names) }
    return this.#byKey.files
  }

  /** Those that Standin made; what people called `1001-notes.md` is theirs. @param wanted is there whoever made it */
  async #oursOf(key: string, byKey: ReadonlyMap<string, readonly string[]>, wanted?: string): Promise<string[]> {
    const ours: string[] = []
    for (const file of byKey.get(key) ?? []) {
      if (file === wanted || (await this.#files.beginsWith(file, made))) ours.push(file)
    }
    return ours
  }

  async #ownText(file: string): Promise<string> {
    const content = await this.#files.read(file)
    return content === null ? '' : ownTextOf(content, join(this.#files.path, file))
  }
}

/** Names are DNS labels; a title that is not made of one is left out. */
const fileOf = ({ key, title }: Page) => `${key}-${/^[a-z0-9-]+/.exec(title)?.[0] ?? 'environment'}.md`

function listByKey(names: readonly string[]): Map<string, string[]> {
  const files = new Map<string, string[]>()
  for (const name of names) {
    const key = /^(\d+)-.*\.md$/.exec(name)?.[1]
    if (key !== undefined) files.set(key, [...(files.get(key) ?? []), name])
  }
  return files
}
