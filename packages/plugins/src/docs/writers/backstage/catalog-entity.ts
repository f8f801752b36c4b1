import type { Page } from '../../page/page.ts'

/** Of the Backstage descriptor format, `backstage.io/v1alpha1`. */
export interface CatalogEntity {
  readonly apiVersion: 'backstage.io/v1alpha1'
  readonly kind: 'Resource' | 'Location'
  readonly metadata: {
    readonly name: string
    readonly title?: string
    readonly description?: string
    readonly tags?: readonly string[]
    readonly annotations?: Readonly<Record<string, string>>
    readonly links?: readonly { readonly title: string; readonly url: string }[]
  }
  readonly spec: Readonly<Record<string, unknown>>
}

/** An environment is a Resource of the type `environment`: it is there to be used by what people work on. */
export function environmentEntity({ key, title, summary, tags, about }: Page, namespace: string): CatalogEntity {
  const annotations: Record<string, string> = { 'standin/config-id': key, 'standin/state': about.state }
  if (about.template !== null) annotations['standin/template'] = about.template
  return {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Resource',
    metadata: {
      name: `standin-${key}`,
      title,
      description: summary,
      annotations,
      tags,
      links: about.links.map((link) => ({ url: link.url, title: link.title })),
    },
    spec: {
      type: 'environment',
      owner: `user:${namespace}/${entityName(about.owner)}`,
      ...(about.project === null ? {} : { system: `system:${namespace}/${entityName(about.project)}` }),
    },
  }
}

/** The file that Backstage is told of. @param files relative to it */
export function locationEntity(files: readonly string[]): CatalogEntity {
  return {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Location',
    metadata: { name: 'standin-environments', description: 'Environments of Standin' },
    spec: { type: 'file', targets: files.map((file) => `./${file}`) },
  }
}

/** Letters and digits with single `-`, `_`, `.` between them, at most 63: what the catalog takes for a name. */
function entityName(text: string): string {
  const name = text
    .replace(/[^a-zA-Z0-9_.-]+/g, '-')
    .replace(/[-_.]{2,}/g, '-')
    .slice(0, 63)
    .replace(/^[-_.]+|[-_.]+$/g, '')
  return name === '' ? 'unknown' : name
}
