import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '../../page/page.ts'
import type { IndexEntry } from '../page-writer.ts'
import { replaceFile } from '../replace-file.ts'
import { ownTextOf, withOwnText } from './own-text.ts'
import { escapeText, renderBlocks, renderTable } from './render-markdown.ts'

const indexFile = 'README.md'

/** Pages as files of a folder, `1001-shop-1.md`, and an index. A file is there whole or not at all. */
export class PageFolder {
  readonly #path: string
  readonly #indexTitle: string
  #files: Map<string, string[]> | undefined

  constructor(path: string, indexTitle: string) {
    this.#path = path
    this.#indexTitle = indexTitle
  }

  /** @returns the name of its file */
  async write(page: Page): Promise<string> {
    await mkdir(this.#path, { recursive: true })
    const file = fileOf(page)
    const earlier = await this.#filesOf(page.key)
    // Two files with the same text: it was cut off while the page got another name.
    const own = new Set<string>()
    for (const each of earlier) own.add(await this.#ownText(each))
    await replaceFile(join(this.#path, file), withOwnText(escapeText(page.title), renderBlocks(page.blocks), [...own].join('')))
    // It has another name now, and what people wrote moved along.
    for (const each of earlier) if (each !== file) await rm(join(this.#path, each), { force: true })
    this.#files?.set(page.key, [file])
    return file
  }

  async remove(key: string): Promise<void> {
    for (const file of await this.#filesOf(key)) await rm(join(this.#path, file), { force: true })
    this.#files?.delete(key)
  }

  /** Move the files of a page to the folder `archive`, where nobody touches them again. */
  async archive(key: string): Promise<void> {
    const archive = join(this.#path, 'archive')
    await mkdir(archive, { recursive: true })
    for (const file of await this.#filesOf(key)) await rename(join(this.#path, file), join(archive, file))
    this.#files?.delete(key)
  }

  /** The end of a round. */
  async writeIndex(entries: readonly IndexEntry[]): Promise<void> {
    this.#files = undefined
    await mkdir(this.#path, { recursive: true })
    const rows = entries.map(({ title, summary, known }) => [[{ link: String(known), text: title }], summary])
    const own = await this.#ownText(indexFile)
    await replaceFile(join(this.#path, indexFile), withOwnText(escapeText(this.#indexTitle), renderTable(['Environment', ''], rows), own))
  }

  /** Looked up once for all pages of a round: people and git may change the folder between two. */
  async #filesOf(key: string): Promise<string[]> {
    this.#files ??= await listByKey(this.#path)
    return this.#files.get(key) ?? []
  }

  async #ownText(file: string): Promise<string> {
    const content = await readFile(join(this.#path, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    return content === null ? '' : ownTextOf(content, join(this.#path, file))
  }
}

/** Names are DNS labels; a title that is not made of one is left out. */
const fileOf = ({ key, title }: Page) => `${key}-${/^[a-z0-9-]+/.exec(title)?.[0] ?? 'environment'}.md`

/** @returns names of files by the key that they begin with */
async function listByKey(path: string): Promise<Map<string, string[]>> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const files = new Map<string, string[]>()
  for (const name of names) {
    const key = /^(\d+)-.*\.md$/.exec(name)?.[1]
    if (key !== undefined) files.set(key, [...(files.get(key) ?? []), name])
  }
  return files
}
