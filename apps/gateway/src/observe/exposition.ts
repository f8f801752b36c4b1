import { Exposition, type Scrape } from '@standin/serving/exposition'
import { metrics } from './metric-list.ts'

/** The gateway's page of metrics. */
export const gatewayExposition = (take: () => Promise<Scrape>) => new Exposition('standin_gateway', metrics, take)
