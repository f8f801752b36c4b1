import { StandinError } from '@standin/client/errors'
import type { Exchange } from '../exchange/exchange.ts'
import type { PlannedFault } from '../routing/planned-fault.ts'
import { chooseFaults } from './choose-faults.ts'
import { ThrottledStream } from './throttled-stream.ts'

/**
 * Does to a request what was asked for its route: wait, then cut it off, or answer with an error, or send the response
 * slowly. What is done is decided once, also where the request waits in between. It stands behind `awaitRunning`, so
 * that a page which shows a visitor what is awaited is never part of it.
 */
export const injectFault = (exchange: Exchange): boolean => {
  const { target, gateway } = exchange
  if (exchange.faults === null) {
    if (target === null || target.faults === null) return true
    const request = { path: exchange.path, raw: exchange.head.raw }
    const chosen = chooseFaults(target.faults, request, gateway.faults.random, Date.now())
    if (chosen === null) return true
    exchange.faults = chosen
    if (chosen.throttle !== null)
      exchange.stream = new ThrottledStream(exchange.stream, chosen.throttle.bytesPerSecond, gateway.faults.pacer)
    if (chosen.delay !== null) {
      gateway.faults.delay(exchange, chosen.delay.delayMs)
      return false
    }
  }
  const { reset, abort } = exchange.faults
  if (reset !== null) {
    exchange.flag = 'fault_injected'
    exchange.cut()
    return false
  }
  if (abort !== null) {
    exchange.refuse(new InjectedAbort(exchange, abort))
    return false
  }
  return true
}

/** Has the status that was asked for. */
class InjectedAbort extends StandinError {
  readonly #status: number

  constructor(exchange: Exchange, { id, status }: PlannedFault) {
    const environment = exchange.target?.environment.entry.environment
    super('fault_injected', `The fault ${id} answers this request to ${exchange.host} with ${status}`, {
      hint: `It was injected on purpose; \`standin fault list ${environment}\` shows until when`,
    })
    this.#status = status
  }

  override get status(): number {
    return this.#status
  }
}
