import { createHash } from 'node:crypto'
import { StandinError } from '@standin/client'
import type { JsonValue } from '@standin/core'
import { drawSvg } from '../../page/draw-svg.ts'
import type { Page } from '../../page/page.ts'
import { type IndexEntry, type PageWriter, TryLater } from '../page-writer.ts'
import type { Platform } from '../platform.ts'
import { type ConfluenceClient, ConfluenceRefusal, type RemotePage } from './confluence-client.ts'
import { drawingFile, markOf, ownPartOf, renderPage } from './storage-format.ts'

/** Of Confluence, in characters. */
const longestTitle = 255
/** A page that somebody else changes each time that it is written is left for later. */
const attempts = 5
const againMs = 60_000
/** Told apart by it from a page of the same title that people made. */
const aside = ' – Standin'
const titleAside = (title: string) => `${title.slice(0, longestTitle - aside.length)}${aside}`

export interface ConfluenceWriterOptions {
  readonly id: string
  readonly platform: Platform
  readonly site: string
  /** Key of the space. */
  readonly space: string
  /** Title of the page that all stand below; null: the space's own. */
  readonly parent: string | null
  /** Put in front of each title: titles are unique within a space. */
  readonly titlePrefix: string
  readonly labels: readonly string[]
  readonly vanished: 'purge' | 'archive'
}

/** What it knows of a page from the last time. */
type Known = {
  /** Site and space: ids of pages count there. */
  readonly at: string
  readonly pageId: string
  readonly parentId: string | null
  readonly labels: readonly string[]
  readonly drawing: string | null
}

interface Place {
  readonly at: string
  readonly spaceId: string
  readonly parentId: string | null
  /** In the marks of its pages: two Standins may write to one space. */
  readonly platform: string
}

/** Pages in a space of Confluence Cloud, below one page. */
export class ConfluenceWriter implements PageWriter {
  readonly id: string
  readonly format: string
  readonly #client: ConfluenceClient
  readonly #options: ConfluenceWriterOptions
  #place: Place | undefined
  /** Pages whose labels or drawing are not there yet, by key: where those are refused, no version is added to the page each time. */
  readonly #begun = new Map<string, { readonly content: string; readonly page: RemotePage }>()

  constructor(client: ConfluenceClient, options: ConfluenceWriterOptions) {
    this.id = options.id
    this.format = `confluence-2 ${createHash('sha256')
      .update(JSON.stringify([options.site, options.space, options.parent, options.titlePrefix, options.labels]))
      .digest('base64url')}`
    this.#client = client
    this.#options = options
  }

  async write(page: Page, known: JsonValue | undefined, signal: AbortSignal): Promise<JsonValue> {
    const title = `${this.#options.titlePrefix}${page.title}`
    if (title.length > longestTitle) {
      throw new StandinError(
        'invalid',
        `the title '${title.slice(0, 60)}…' has ${title.length} characters: Confluence takes ${longestTitle}`,
        {
          hint: 'Make titlePrefix shorter.',
        },
      )
    }
    const place = await this.#findPlace(signal)
    // What it wrote to another space, or site, stays there.
    const before = (known as Known | undefined)?.at === place.at ? (known as Known) : undefined
    const content = createHash('sha256')
      .update(JSON.stringify([title, page, place]))
      .digest('base64url')
    const begun = this.#begun.get(page.key)
    const isThere =
      begun?.content === content && (await this.#client.page(begun.page.id, signal))?.version.number === begun.page.version.number
    const written = isThere ? begun.page : await this.#put(page, title, before, place, signal)
    this.#begun.set(page.key, { content, page: written })
    // Somebody deleted the last one: this one has nothing yet.
    const has = before?.pageId === written.id ? before : { labels: [], drawing: null }
    const labels = [...new Set([...this.#options.labels, ...page.tags])].sort()
    await this.#label(written.id, has.labels, labels, signal)
    const drawing = await this.#draw(written.id, page, has.drawing, signal)
    this.#begun.delete(page.key)
    return { at: place.at, pageId: written.id, parentId: place.parentId, labels, drawing } satisfies Known
  }

  async remove({ key, title, known }: IndexEntry, signal: AbortSignal): Promise<void> {
    const before = known as Known | null
    const place = await this.#findPlace(signal)
    const page = await this.#findLast(`${this.#options.titlePrefix}${title}`, markFor(key, place), before, place, signal)
    if (page === null) return
    if (markOf(bodyOf(page)) !== markFor(key, place)) {
      throw new StandinError('state_conflict', `the page '${page.title}' is no longer the one of ${title}: it is left alone`, {
        hint: 'Delete it by hand if nobody needs it.',
      })
    }
    await (this.#options.vanished === 'purge' ? this.#client.delete(page.id, signal) : this.#client.archive(page.id, signal))
  }

  /** The page that they stand below lists them. Where there is none yet, it is told whether there could be. */
  async finish(_index: readonly IndexEntry[], signal: AbortSignal): Promise<void> {
    await this.#findPlace(signal)
  }

  async #findPlace(signal: AbortSignal): Promise<Place> {
    if (this.#place !== undefined) return this.#place
    const { platform, site, space, parent } = this.#options
    const spaceId = await this.#client.spaceId(space, signal)
    if (spaceId === null) throw new TryLater(`there is no space ${space}, or the token does not see it`, againMs)
    const parentId = parent === null ? null : await this.#parentId(spaceId, parent, signal)
    this.#place = { at: `${site} ${spaceId}`, spaceId, parentId, platform: (await platform(signal)).slice(0, 8) }
    return this.#place
  }

  async #parentId(spaceId: string, title: string, signal: AbortSignal): Promise<string> {
    const found = await this.#client.pageByTitle(spaceId, title, signal)
    if (found !== null) return found.id
    const value =
      '<p>Written by Standin.</p><ac:structured-macro ac:name="children"><ac:parameter ac:name="all">true</ac:parameter></ac:structured-macro>'
    return (await this.#client.create(spaceId, null, { title, value }, signal)).id
  }

  /** Change the page where there is one, or make it. Each attempt begins with what is there now. */
  async #put(page: Page, wished: string, known: Known | undefined, place: Place, signal: AbortSignal): Promise<RemotePage> {
    const mark = markFor(page.key, place)
    let title = wished
    let refused: RemotePage | null = null
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const there = await this.#find(mark, title, known, place, signal)
      try {
        if (there === null) {
          return await this.#client.create(place.spaceId, place.parentId, { title, value: renderPage(page, mark, null) }, signal)
        }
        const content = { title, value: renderPage(page, mark, ownPartOf(bodyOf(there), there.title)) }
        // Where people moved it to it stays, until the configuration says something else.
        const parentId = known?.pageId === there.id && known.parentId === place.parentId ? null : place.parentId
        return await this.#client.update(there.id, there.version.number, parentId, content, signal)
      } catch (error) {
        if (!(error instanceof ConfluenceRefusal)) throw error
        // The page that they stand below, or the space, is gone.
        if (error.status === 404) {
          this.#place = undefined
          throw error
        }
        // What Confluence says of a title that is taken differs from call to call; so it is asked.
        const other = await this.#client.pageByTitle(place.spaceId, title, signal)
        const isSeen = other !== null && other.id !== there?.id && markOf(bodyOf(other)) !== mark
        // Nor is it found where its case is another, or where the account may not see it.
        const isUnseen: boolean =
          other === null &&
          (there === null ? /title/i.test(error.message) : error.status === 409 && refused?.version.number === there.version.number)
        if (isSeen || isUnseen) {
          if (title !== wished) {
            throw new StandinError('state_conflict', `pages called '${wished}' and '${title}' are there that Standin did not make`, {
              hint: 'Give the pages a titlePrefix.',
              cause: error,
            })
          }
          title = titleAside(wished)
          refused = null
          continue
        }
        // Somebody else changed it, or it was made by a call whose answer never came: look again.
        const isNews = error.status === 409 || (there === null && other !== null)
        if (!isNews) throw error
        refused = there
      }
    }
    throw new StandinError('state_conflict', `the page '${wished}' was changed by others ${attempts} times while it was written`)
  }

  async #find(mark: string, title: string, known: Known | undefined, { spaceId }: Place, signal: AbortSignal): Promise<RemotePage | null> {
    const remembered = known === undefined ? null : await this.#client.page(known.pageId, signal)
    if (remembered !== null) return remembered
    // Made, and control died before it was written down.
    const named = await this.#client.pageByTitle(spaceId, title, signal)
    return named !== null && markOf(bodyOf(named)) === mark ? named : null
  }

  /** The page of what is gone, also where nobody heard that it was made. */
  async #findLast(title: string, mark: string, before: Known | null, place: Place, signal: AbortSignal): Promise<RemotePage | null> {
    if (before !== null) return before.at === place.at ? this.#client.page(before.pageId, signal) : null
    return (
      (await this.#find(mark, title, undefined, place, signal)) ?? (await this.#find(mark, titleAside(title), undefined, place, signal))
    )
  }

  /** Labels that people gave stay. */
  async #label(id: string, before: readonly string[], wanted: readonly string[], signal: AbortSignal): Promise<void> {
    if (before.length === wanted.length && before.every((label, index) => label === wanted[index])) return
    const there = new Set(await this.#client.labels(id, signal))
    const missing = wanted.filter((label) => !there.has(label))
    if (missing.length > 0) await this.#client.addLabels(id, missing, signal)
    for (const label of before) if (there.has(label) && !wanted.includes(label)) await this.#client.removeLabel(id, label, signal)
  }

  async #draw(id: string, { blocks }: Page, before: string | null, signal: AbortSignal): Promise<string | null> {
    const drawing = blocks.find((block) => block.kind === 'drawing')
    if (drawing === undefined) return null
    const svg = drawSvg(drawing.topology)
    const hash = createHash('sha256').update(svg).digest('base64url')
    if (hash !== before) await this.#client.attach(id, drawingFile, 'image/svg+xml', svg, signal)
    return hash
  }
}

const bodyOf = ({ body }: RemotePage) => body?.storage?.value ?? ''
const markFor = (key: string, { platform }: Place) => `${platform}-${key}`
