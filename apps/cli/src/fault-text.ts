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
export function formatShare({ percent, header, path }: Pick<ServiceFault, 'percent' | 'header' | 'path'>): string {
  const only = [
    header === undefined ? '' : `with ${header.name}${header.value === undefined ? '' : `: ${header.value}`}`,
    path === undefined ? '' : `below ${path}`,
  ]
  return [`${percent}%`, ...only].filter(Boolean).join(' ')
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
