import type { EnvironmentPlan } from '@standin/client'
import Type, { type Static } from 'typebox'
import type { MeteringConfig } from '../metering/metering-config.ts'
import { svmsOf } from '../metering/svms.ts'
import { roundAmount } from './amount.ts'
import { costDenominator, costOf, type Prices } from './prices.ts'

/** Body of `POST /estimate`: what one is about to create. */
export const EstimateRequest = Type.Object(
  {
    template: Type.String({ minLength: 1, maxLength: 140 }),
    labels: Type.Optional(Type.Record(Type.String({ maxLength: 128 }), Type.String({ maxLength: 1024 }))),
  },
  { additionalProperties: false },
)
export type EstimateRequest = Static<typeof EstimateRequest>

/** What an environment will cost an hour when it runs. */
export interface Estimate {
  readonly svms: number
  /** Disk that it begins with by itself; what it writes comes on top. */
  readonly storageBytes: number
  /** In the currency, half up to six decimals. */
  readonly perHour: number
}

export function estimate(
  { hosts, labels, template, storageBytes }: Pick<EnvironmentPlan, 'hosts' | 'labels' | 'template' | 'storageBytes'>,
  prices: Prices,
  defaultSize: MeteringConfig['defaultSize'],
  now: number,
): Estimate {
  const svms = svmsOf(hosts, defaultSize)
  const price = prices.at(now, labels.project ?? '', template?.name ?? '')
  const cost = costOf(price, 60n * BigInt(svms), 60n * BigInt(storageBytes ?? 0))
  return { svms, storageBytes: storageBytes ?? 0, perHour: Number(roundAmount(cost, costDenominator, 6)) / 1e6 }
}
