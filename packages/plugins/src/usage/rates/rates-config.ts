import Type, { type Static } from 'typebox'

const svmHour = Type.Number({ minimum: 0, maximum: 1_000_000, description: 'Of one SVM that runs for an hour' })
const gbHour = Type.Number({ minimum: 0, maximum: 1_000_000, description: 'Of one GB (2^30 bytes) that is kept for an hour' })

/** At least one of the two prices. */
const RateChange = Type.Object(
  {
    from: Type.Optional(
      Type.String({
        pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
        description: 'Since the beginning of this day: `2026-12-01`; absent: always',
      }),
    ),
    project: Type.Optional(Type.String({ minLength: 1, maxLength: 1024, description: 'Only for this project' })),
    template: Type.Optional(Type.String({ minLength: 1, maxLength: 63, description: 'Only for this template and its clones' })),
    svmHour: Type.Optional(svmHour),
    gbHour: Type.Optional(gbHour),
  },
  { additionalProperties: false },
)

export const RatesConfig = Type.Object(
  {
    currency: Type.String({ pattern: '^[A-Z]{3}$', default: 'EUR', description: 'As in ISO 4217' }),
    svmHour: Type.Number({ ...svmHour, default: 0 }),
    gbHour: Type.Number({ ...gbHour, default: 0 }),
    changes: Type.Array(RateChange, {
      default: [],
      maxItems: 200,
      description: 'Read from top to bottom: of those that fit, the last one that names a price counts',
    }),
  },
  { additionalProperties: false, description: 'Up to nine decimals each. Absent: hours are counted, and cost nothing' },
)
export type RatesConfig = Static<typeof RatesConfig>
