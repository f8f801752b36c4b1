import { StandinError } from '@standin/client'
import { configFaults } from '../config-faults.ts'
import type { DocsConfig } from '../docs-config.ts'
import { BackstageWriter } from './backstage/backstage-writer.ts'
import { ConfluenceClient } from './confluence/confluence-client.ts'
import { ConfluenceWriter } from './confluence/confluence-writer.ts'
import { Repository } from './git/repository.ts'
import { MarkdownWriter } from './markdown/markdown-writer.ts'
import { PageFolder } from './markdown/page-folder.ts'
import { PageFiles } from './page-files.ts'
import type { PageWriter } from './page-writer.ts'
import type { Platform } from './platform.ts'

/** @throws StandinError `invalid` with every fault that the schema can't see */
export function buildWriters(config: DocsConfig, platform: Platform): PageWriter[] {
  const { markdown, confluence, backstage, vanished } = config
  const errors = configFaults(config)
  if (errors.length > 0) {
    throw new StandinError('invalid', errors.map(({ path, message }) => `${path} ${message}`.trim()).join('; '), { errors })
  }
  return [
    ...markdown.map(({ id, folder, title, git }) => {
      const pages = new PageFolder(new PageFiles(folder, platform), title)
      return new MarkdownWriter(id, pages, repository(folder, git), vanished)
    }),
    ...confluence.map(({ site, email, tokenFile, parent = null, ...options }) => {
      return new ConfluenceWriter(new ConfluenceClient({ site, email, tokenFile }), { ...options, site, parent, vanished, platform })
    }),
    ...backstage.map(({ id, folder, namespace, git }) => {
      return new BackstageWriter(new PageFiles(folder, platform), { id, namespace, vanished }, repository(folder, git))
    }),
  ]
}

function repository(folder: string, git: DocsConfig['markdown'][number]['git']): Repository | null {
  return git === undefined ? null : new Repository(folder, { author: git.author, push: git.push ?? null })
}
