import Type from 'typebox'
import { accountingConfig } from './accounting.ts'
import { meteringConfig } from './metering/metering-config.ts'

/** What stands below `with` of usage. */
export const UsageConfig = Type.Object({ ...meteringConfig, ...accountingConfig }, { additionalProperties: false })
