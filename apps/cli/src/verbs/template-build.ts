import { StandinError } from '@standin/client/errors'
import type { Verb } from '../verb.ts'

export const templateBuild: Verb<readonly [string | undefined]> = {
  description: 'Shows every fault with file, line and column. Needs no platform.',
  arguments: [{ name: '[path]', description: 'folder or file of the blueprint (default: here)', completes: 'path' }],
  examples: [['standin template build examples/shop', 'before it is built']],
  async run() {
    throw new StandinError('internal', 'not yet')
  },
}
