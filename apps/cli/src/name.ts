import type { LiveEnvironment, StandinClient } from '@standin/client/connect'
import { StandinError } from '@standin/client/errors'

/** The API's own is part of its schemas, which take longer to load than a verb runs; a test compares the two. */
export const namePattern = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'

const rule = 'A name has small letters, digits and dashes, at most 63, and neither begins nor ends with a dash.'

/**
 * A name as the API takes it for services, templates, channels and tokens.
 * @throws StandinError `invalid`
 */
export function parseName(text: string): string {
  if (!new RegExp(namePattern).test(text)) throw new StandinError('invalid', `'${text}' is not a name.`, { hint: rule })
  return text
}

/**
 * A name that an environment can have.
 * @throws StandinError `invalid`
 */
export function parseEnvironmentName(text: string): string {
  if (/^\d+$/.test(text)) throw new StandinError('invalid', `'${text}' would be taken for a configId.`, { hint: 'Put a letter into it.' })
  return parseName(text)
}

/** The environment that has this name and is not in the trash. */
export async function findHolder(client: StandinClient, name: string, signal: AbortSignal): Promise<LiveEnvironment | undefined> {
  try {
    const environment = await client.environments.get(name, { signal })
    return environment.desired === 'deleted' ? undefined : environment
  } catch (error) {
    if (error instanceof StandinError && error.kind === 'not-found') return undefined
    throw error
  }
}
