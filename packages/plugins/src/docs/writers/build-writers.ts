import { isAbsolute } from 'node:path'
import { StandinError } from '@standin/client'
import type { DocsConfig } from '../docs-config.ts'
import { BackstageWriter } from './backstage/backstage-writer.ts'
import { Repository } from './git/repository.ts'
import { MarkdownWriter } from './markdown/markdown-writer.ts'
import { PageFolder } from './markdown/page-folder.ts'
import type { PageWriter } from './page-writer.ts'

/** @throws StandinError `invalid` with every fault that the schema can't see */
export function buildWriters({ markdown, backstage, vanished }: DocsConfig): PageWriter[] {
  const folders = [...placed('markdown', markdown), ...placed('backstage', backstage)]
  const faults: { path: string; message: string }[] = []
  const ids = new Set<string>()
  for (const { path, id, folder } of folders) {
    if (ids.has(id)) faults.push({ path: `${path}/id`, message: `two writers are called ${id}: give one of them another id` })
    ids.add(id)
    if (!isAbsolute(folder)) faults.push({ path: `${path}/folder`, message: `is no absolute path: ${folder}` })
  }
  if (ids.size === 0) faults.push({ path: '', message: 'there is nothing to write to: give it markdown or backstage' })
  if (faults.length > 0) {
    throw new StandinError('invalid', faults.map(({ path, message }) => `${path} ${message}`.trim()).join('; '), { errors: faults })
  }
  return [
    ...markdown.map(
      ({ id, folder, title, git }) => new MarkdownWriter(id, new PageFolder(folder, title), repository(folder, git), vanished),
    ),
    ...backstage.map(({ id, folder, namespace, git }) => {
      return new BackstageWriter({ id, folder, namespace, vanished }, repository(folder, git))
    }),
  ]
}

const placed = (kind: string, writers: readonly { id: string; folder: string }[]) =>
  writers.map(({ id, folder }, index) => ({ path: `/${kind}/${index}`, id, folder }))

function repository(folder: string, git: DocsConfig['markdown'][number]['git']): Repository | null {
  return git === undefined ? null : new Repository(folder, { author: git.author, push: git.push ?? null })
}
