import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { referencePages } from '../docs/reference-pages.ts'

const folder = resolve(import.meta.dirname, '../docs/reference')

describe('docs/reference', () => {
  it.each(Object.entries(referencePages()))('%s is what `pnpm docs` writes', (file, text) => {
    expect(readFileSync(join(folder, file), 'utf8')).toBe(text)
  })

  it('has no link that leads nowhere', () => {
    const pages = referencePages()
    const anchors = (text: string) =>
      [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replace(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      )
    for (const [file, text] of Object.entries(pages)) {
      for (const [, page, anchor] of text.matchAll(/\]\(([\w-]*(?:\.md)?)(?:#([^)]+))?\)/g)) {
        const target = page === '' || page === undefined ? text : (pages[page] ?? readFileSync(join(folder, page), 'utf8'))
        if (anchor !== undefined) expect(anchors(target), `${file} → ${page}#${anchor}`).toContain(anchor)
      }
    }
  })
})
