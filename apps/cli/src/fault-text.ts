import type { CreateFault, ServiceFault } from '@standin/client'
import { formatAge, formatSize } from './duration.ts'
import type { Column } from './table.ts'

/** `delay 2s`, `abort 503`, `reset`, `throttle 10.0 KiB/s`. */
export function formatFault({
  kind,
  delayMs,
  status,
  bytesPerSecond,
}: Pick<CreateFault, 'kind' | 'delayMs' | 'status' | 'bytesPerSecond'>): string {
  const measure = {
    delay: formatDelay(delayMs ?? 0),
    abort: String(status),
    throttle: `${formatSize(bytesPerSecond ?? 0)}/s`,
    reset: '',
  }[kind]
  return `${kind} ${measure}`.trim()
}

/** Which requests: `20% with X-Test: 1 below /x`. */
export function formatShare(fault: Pick<ServiceFault, 'percent' | 'header' | 'path'>): string {
  return [`${fault.percent}%`, ...limits(fault)].join(' ')
}

type Which = Pick<CreateFault, 'percent' | 'header' | 'path'>

function limits({ header, path }: Pick<Which, 'header' | 'path'>): string[] {
  return [
    header === undefined ? '' : `with ${header.name}${header.value === undefined ? '' : `: ${header.value}`}`,
    path === undefined ? '' : `below ${path}`,
  ].filter(Boolean)
}

/** `delay 2s for 20% of the requests to api of blue (1001)`, `abort 503 for all requests to … below /x`. */
export function formatEffect(fault: Pick<CreateFault, 'kind' | 'delayMs' | 'status' | 'bytesPerSecond'> & Which, target: string): string {
  const { percent = 100 } = fault
  const only = limits(fault)
  const share = percent < 100 ? `${percent}% of the requests` : only.length === 0 ? 'all requests' : 'requests'
  return [`${formatFault(fault)} for ${share} to ${target}`, ...only].join(' ')
}

export function faultColumns(now: number): readonly Column<ServiceFault>[] {
  return [
    { title: 'ID', value: ({ id }) => id },
    { title: 'CONFIGID', value: ({ environment }) => String(environment), align: 'right' },
    { title: 'SERVICE', value: ({ service }) => service },
    { title: 'FAULT', value: formatFault },
    { title: 'REQUESTS', value: formatShare },
    { title: 'ENDS IN', value: ({ expiresAt }) => formatAge(Date.parse(expiresAt) - now), align: 'right' },
    { title: 'BY', value: ({ actor }) => actor },
  ]
}

/** To the millisecond, as it is what is compared: `1.5s`, `250ms`. */
function formatDelay(ms: number): string {
  return ms < 1000 ? `${ms}ms` : `${ms / 1000}s`
}
