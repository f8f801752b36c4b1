import { CronLine, TimeZone } from '@standin/core'
import Type from 'typebox'

export const Most = (options: { readonly default?: number; readonly description?: string } = {}) =>
  Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^(100|[0-9]{1,2})%$' })], options)

/** What every source has, whatever its kind. */
export const sourceOptions = {
  id: Type.String({
    pattern: '^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$',
    description: 'The `source` of its users and groups; never to be changed: they would be those of another source',
  }),
  schedule: CronLine({ default: '17 * * * *', description: 'When it is read' }),
  timeZone: TimeZone({ default: 'UTC' }),
  dryRun: Type.Boolean({ default: false, description: 'Say what would be done, do nothing' }),
  mostDeactivations: Most({
    default: 10,
    description: 'How many users may be deactivated, and groups emptied, in one run: a number, or a share (`5%`). If it were more, none is',
  }),
  heir: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'Who gets the environments of those who leave without a manager' }),
  ),
  adopt: Type.Boolean({ default: false, description: 'Take over users and groups of the same name that people made (`local`)' }),
} as const
