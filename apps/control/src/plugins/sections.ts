import type { Environment, PluginSection, SectionList } from '@standin/client'
import { plainText } from './plain-text.ts'

/** A plugin as it is asked. */
export interface Describing {
  readonly id: string
  /** Null where it has no `section`, nothing to say, does not run or fails. */
  section(environment: Environment): Promise<PluginSection | null>
}

/** What the plugins say of an environment, in their order. @param view anew for each of them */
export async function sectionsOf(plugins: readonly Describing[], view: () => Environment): Promise<SectionList['items']> {
  const sections = await Promise.all(
    plugins.map(async (plugin) => {
      const section = await plugin.section(view())
      return section === null ? [] : [{ plugin: plugin.id, ...section }]
    }),
  )
  return sections.flat()
}

const mostRows = 50

/**
 * What a plugin returned, as it may be shown: plain text within bounds. A row's address stays where it is one that can be
 * followed without harm.
 * @throws Error where it is no section
 */
export function readSection(returned: unknown): PluginSection | null {
  if (returned === null || returned === undefined) return null
  const { title, rows } = returned as { title?: unknown; rows?: unknown }
  if (typeof title !== 'string' || !Array.isArray(rows)) throw new Error('it returned no section: {title, rows}, or null')
  if (rows.length === 0) return null
  const shown = rows.slice(0, rows.length > mostRows ? mostRows - 1 : mostRows).map(readRow)
  if (rows.length > mostRows) shown.push({ name: '…', value: `and ${rows.length - shown.length} more` })
  return { title: plainText(title, 80), rows: shown }
}

function readRow(row: unknown, index: number): PluginSection['rows'][number] {
  const { name, value, url } = (row ?? {}) as { name?: unknown; value?: unknown; url?: unknown }
  if (typeof name !== 'string' || typeof value !== 'string')
    throw new Error(`row ${index + 1} of its section has no name and value that are text`)
  return { name: plainText(name, 80), value: plainText(value, 500), ...(isAddress(url) ? { url } : {}) }
}

/** `http:`, `https:`, or a path of the same server. */
function isAddress(url: unknown): url is string {
  if (typeof url !== 'string' || url.length > 1000 || plainText(url, 1000) !== url) return false
  if (/^\/(?![/\\])/.test(url)) return true
  return URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol)
}
