import Type from 'typebox'
import { meteringConfig } from './metering/metering-config.ts'

/** What stands below `with` of usage. */
export const UsageConfig = Type.Object({ ...meteringConfig }, { additionalProperties: false })
