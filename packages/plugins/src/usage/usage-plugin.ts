import { definePlugin } from '@standin/core'
import { metering } from './metering/metering.ts'
import { UsageConfig } from './usage-config.ts'

/** Meters what environments and templates use, by the minute. */
export const usagePlugin = definePlugin({
  id: 'usage',
  summary: 'Meters by the minute who uses which environments and how much storage',
  config: UsageConfig,
  setup(context, config) {
    const { hooks } = metering(context, config)
    return hooks
  },
})
