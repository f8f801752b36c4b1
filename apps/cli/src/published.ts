import type { Stack } from '@standin/client'

/** What a stack publishes: `www → web:8080 (/api → api:8080), sql → db:5432`; empty where it is nothing. */
export function formatPublished({ publish }: Pick<Stack, 'publish'>): string {
  return publish
    .map(({ service, host, port, paths = [] }) => {
      const below = paths.map((each) => `${each.path} → ${each.host}:${each.port}`).join(', ')
      return `${service} → ${host}:${port}${below && ` (${below})`}`
    })
    .join(', ')
}
