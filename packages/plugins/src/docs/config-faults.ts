import { isAbsolute } from 'node:path'
import type { Fault } from '@standin/client'
import { readSecretFile } from '@standin/core'
import type { DocsConfig } from './docs-config.ts'
import { hideCredentials } from './page/hide-secrets.ts'
import { isSite } from './writers/confluence/confluence-client.ts'

/** What the schema can't see. */
export function configFaults({ markdown, confluence, backstage }: DocsConfig): Fault[] {
  const faults: Fault[] = []
  const fault = (path: string, message: string) => faults.push({ path, message })
  const requirePath = (path: string, file: string) => {
    if (!isAbsolute(file)) fault(path, `is no absolute path: ${file}`)
  }
  for (const [kind, writers] of Object.entries({ markdown, backstage })) {
    for (const [index, { folder }] of writers.entries()) requirePath(`/${kind}/${index}/folder`, folder)
    const twice = repeated(writers.map(({ folder }) => folder.replace(/\/+$/, '')))
    if (twice !== null) fault(`/${kind}/${twice}/folder`, `is the folder of another ${kind} writer already`)
  }
  for (const [index, { tokenFile, site }] of confluence.entries()) {
    requirePath(`/confluence/${index}/tokenFile`, tokenFile)
    if (!isSite(site)) fault(`/confluence/${index}/site`, `is no https:// address of a site without a path: ${hideCredentials(site)}`)
  }
  // Titles are unique within a space, whatever their case.
  const titles = repeated(confluence.map(({ site, space, titlePrefix }) => `${site} ${space} ${titlePrefix}`.toLowerCase()))
  if (titles !== null)
    fault(`/confluence/${titles}/space`, 'is written by another confluence writer already: give one of them a titlePrefix')
  const writers = [...markdown, ...confluence, ...backstage]
  const id = repeated(writers.map((each) => each.id))
  if (id !== null) fault('', `two writers are called ${writers[id]?.id}: give one of them another id`)
  if (writers.length === 0) fault('', 'there is nothing to write to: give it markdown, confluence or backstage')
  return faults
}

/** What a look at this machine tells: tokens that can't be read. */
export async function fileFaults({ confluence }: DocsConfig): Promise<Fault[]> {
  const faults = confluence.map(async ({ tokenFile }, index): Promise<Fault[]> => {
    try {
      await readSecretFile(tokenFile, 'the API token')
      return []
    } catch (error) {
      return [{ path: `/confluence/${index}/tokenFile`, message: (error as Error).message }]
    }
  })
  return (await Promise.all(faults)).flat()
}

/** Index of the first that is there already; null: all differ. */
function repeated(values: readonly string[]): number | null {
  const index = values.findIndex((value, at) => values.indexOf(value) < at)
  return index < 0 ? null : index
}
