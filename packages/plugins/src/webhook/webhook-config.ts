import { eventTypes } from '@standin/client'
import { Duration } from '@standin/core'
import Type, { type Static } from 'typebox'

const Endpoint = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
      description: 'What it is called in the log, the list and metrics',
    }),
    url: Type.String({ pattern: '^https?://', maxLength: 2_000, description: 'Where events are posted to' }),
    secretFile: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Holds the secret that signs, `whsec_…`; readable for its owner alone. A relative path counts from where control runs',
      }),
    ),
    secretVariable: Type.Optional(Type.String({ minLength: 1, description: 'The environment variable that holds it' })),
    events: Type.Optional(Type.Array(Type.Enum([...eventTypes]), { minItems: 1, description: 'Only events of these types; default: all' })),
    kinds: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        description: 'Of notices only these kinds: `suspend.announced`, or `suspend.*` for all of suspend',
      }),
    ),
    projects: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: 'Only of environments whose label `project` is one of these' }),
    ),
  },
  { additionalProperties: false },
)

export const WebhookConfig = Type.Object(
  {
    endpoints: Type.Array(Endpoint, { minItems: 1, maxItems: 100 }),
    giveUpAfter: Duration({ default: '24h', description: 'An event that an endpoint has not taken by then is recorded as given up' }),
    timeout: Duration({ default: '15s', description: 'An endpoint that has not answered by then is asked again later' }),
  },
  { additionalProperties: false },
)
export type WebhookConfig = Static<typeof WebhookConfig>
export type EndpointConfig = Static<typeof Endpoint>
