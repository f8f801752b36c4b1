import { isAbsolute } from 'node:path'
import { StandinError } from '@standin/client'
import type { DocsConfig } from '../docs-config.ts'
import { Repository } from './git/repository.ts'
import { MarkdownWriter } from './markdown/markdown-writer.ts'
import { PageFolder } from './markdown/page-folder.ts'
import type { PageWriter } from './page-writer.ts'

/** @throws StandinError `invalid` with every fault that the schema can't see */
export function buildWriters({ markdown, vanished }: DocsConfig): PageWriter[] {
  const faults: { path: string; message: string }[] = []
  const ids = new Set<string>()
  for (const [index, { id, folder }] of markdown.entries()) {
    const path = `/markdown/${index}`
    if (ids.has(id)) faults.push({ path: `${path}/id`, message: `two writers are called ${id}: give one of them another id` })
    ids.add(id)
    if (!isAbsolute(folder)) faults.push({ path: `${path}/folder`, message: `is no absolute path: ${folder}` })
  }
  if (ids.size === 0) faults.push({ path: '', message: 'there is nothing to write to: give it markdown' })
  if (faults.length > 0) {
    throw new StandinError('invalid', faults.map(({ path, message }) => `${path} ${message}`.trim()).join('; '), { errors: faults })
  }
  return markdown.map((each) => markdownWriter(each, vanished))
}

function markdownWriter({ id, folder, title, git }: DocsConfig['markdown'][number], vanished: DocsConfig['vanished']): PageWriter {
  const repository = git === undefined ? null : new Repository(folder, { author: git.author, push: git.push ?? null })
  return new MarkdownWriter(id, new PageFolder(folder, title), repository, vanished)
}
