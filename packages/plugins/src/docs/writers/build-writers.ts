import { isAbsolute } from 'node:path'
import { StandinError } from '@standin/client'
import type { DocsConfig } from '../docs-config.ts'
import { hideCredentials } from '../page/hide-secrets.ts'
import { BackstageWriter } from './backstage/backstage-writer.ts'
import { ConfluenceClient, isSite } from './confluence/confluence-client.ts'
import { ConfluenceWriter } from './confluence/confluence-writer.ts'
import { Repository } from './git/repository.ts'
import { MarkdownWriter } from './markdown/markdown-writer.ts'
import { PageFolder } from './markdown/page-folder.ts'
import type { PageWriter } from './page-writer.ts'

/** @throws StandinError `invalid` with every fault that the schema can't see */
export function buildWriters({ markdown, confluence, backstage, vanished }: DocsConfig): PageWriter[] {
  const faults: { path: string; message: string }[] = []
  const requirePath = (path: string, file: string) => {
    if (!isAbsolute(file)) faults.push({ path, message: `is no absolute path: ${file}` })
  }
  for (const [index, { folder }] of markdown.entries()) requirePath(`/markdown/${index}/folder`, folder)
  for (const [index, { folder }] of backstage.entries()) requirePath(`/backstage/${index}/folder`, folder)
  for (const [index, { tokenFile, site }] of confluence.entries()) {
    requirePath(`/confluence/${index}/tokenFile`, tokenFile)
    if (!isSite(site)) {
      faults.push({
        path: `/confluence/${index}/site`,
        message: `is no https:// address of a site without a path: ${hideCredentials(site)}`,
      })
    }
  }
  const ids = [...markdown, ...confluence, ...backstage].map(({ id }) => id)
  for (const id of new Set(ids.filter((each, index) => ids.indexOf(each) !== index))) {
    faults.push({ path: '', message: `two writers are called ${id}: give one of them another id` })
  }
  if (ids.length === 0) faults.push({ path: '', message: 'there is nothing to write to: give it markdown, confluence or backstage' })
  if (faults.length > 0) {
    throw new StandinError('invalid', faults.map(({ path, message }) => `${path} ${message}`.trim()).join('; '), { errors: faults })
  }
  return [
    ...markdown.map(
      ({ id, folder, title, git }) => new MarkdownWriter(id, new PageFolder(folder, title), repository(folder, git), vanished),
    ),
    ...confluence.map(({ site, email, tokenFile, parent = null, ...options }) => {
      return new ConfluenceWriter(new ConfluenceClient({ site, email, tokenFile }), { ...options, parent, vanished })
    }),
    ...backstage.map(({ id, folder, namespace, git }) => {
      return new BackstageWriter({ id, folder, namespace, vanished }, repository(folder, git))
    }),
  ]
}

function repository(folder: string, git: DocsConfig['markdown'][number]['git']): Repository | null {
  return git === undefined ? null : new Repository(folder, { author: git.author, push: git.push ?? null })
}
