import { TimeZone } from '@standin/core'
import Type, { type Static } from 'typebox'

const MemorySize = (options: { description?: string; default?: string } = {}) =>
  Type.String({ ...options, pattern: '^[0-9]{1,6}(\\.[0-9]{1,3})?[mg]$' })

/** What metering adds to the configuration of usage. */
export const meteringConfig = {
  timeZone: TimeZone({ default: 'UTC', description: 'In which months begin and end' }),
  defaultSize: Type.Object(
    {
      cpus: Type.Number({ exclusiveMinimum: 0, maximum: 1024, default: 1 }),
      memory: MemorySize({ default: '1g', description: '`512m`, `2g`' }),
    },
    {
      additionalProperties: false,
      default: { cpus: 1, memory: '1g' },
      description: 'What an instance takes whose blueprint does not say it',
    },
  ),
  keepMonths: Type.Integer({
    minimum: 2,
    maximum: 120,
    default: 13,
    description: 'So many months can be reported on; of older ones, only their totals are kept',
  }),
}

export const MeteringConfig = Type.Object(meteringConfig)
export type MeteringConfig = Static<typeof MeteringConfig>

/** `1.5g` is one and a half GiB. @returns bytes */
export function parseMemory(text: string): number {
  return Math.round(Number(text.slice(0, -1)) * (text.endsWith('g') ? 2 ** 30 : 2 ** 20))
}
