import { readFile } from 'node:fs/promises'
import { StandinError } from '@standin/client/errors'
import { formatPairs } from '../table.ts'
import type { Verb } from '../verb.ts'

export const version: Verb = {
  description: 'The platform is asked for its version where it runs; where it does not, that is no fault.',
  examples: [
    ['standin version', 'all versions'],
    ['standin version --json', 'for a bug report'],
  ],
  async run(context) {
    const cli = await readVersion()
    const platform = await context
      .connect()
      .then((client) => client.discover({ signal: AbortSignal.any([context.signal, AbortSignal.timeout(2000)]) }))
      .then((discovery) => discovery.version)
      .catch((error: unknown) => {
        if (error instanceof StandinError && error.kind !== 'unreachable' && error.kind !== 'timeout') throw error
        return null
      })
    await context.output.one({ cli, node: process.versions.node, platform }, () =>
      formatPairs([
        ['standin', cli],
        ['node', process.versions.node],
        ['platform', platform ?? 'does not run'],
      ]),
    )
  },
}

export async function readVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
