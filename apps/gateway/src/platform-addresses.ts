import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { GatewayConfig } from './config.ts'
import type { RefusedEndpoints } from './refused-endpoints.ts'

/** Notes where control and the resolver listen, as they have written it down: no environment may be given their traffic. */
export const refusePlatformAddresses = async (refused: RefusedEndpoints, config: GatewayConfig): Promise<void> => {
  const [control, running] = await Promise.all([
    config.control === undefined ? readField(join(config.home, 'run', 'control.json'), 'api') : config.control,
    readField(join(config.home, 'run', 'standin.json'), 'dns'),
  ])
  // What can't be read now may still be there: the former address stays refused.
  if (control !== null) refused.set('the control plane', [control])
  if (running !== null) refused.set('the resolver', [running])
}

const readField = async (file: string, field: string): Promise<string | null> => {
  try {
    const value = (JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>)[field]
    return typeof value === 'string' ? value : null
  } catch {
    return null
  }
}
