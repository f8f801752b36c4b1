import type { Exchange } from './exchange.ts'
import type { AccessLogOf, GatewayOf, WaitingPlaceOf } from './gateway-of.ts'

export type Gateway = GatewayOf<Exchange>
export type AccessLog = AccessLogOf<Exchange>
export type WaitingPlace = WaitingPlaceOf<Exchange>
