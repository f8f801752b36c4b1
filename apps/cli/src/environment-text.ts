import type { Environment, Instance } from '@standin/client'
import { formatAge, formatSize } from './duration.ts'
import type { Paint } from './paint.ts'
import type { Column } from './table.ts'
import { type CostSoFar, formatMoney } from './usage-cost.ts'

/** `alice (1001)`: both names that commands take. */
export function nameOf({ name, id }: Pick<Environment, 'name' | 'id'>): string {
  return `${name} (${id})`
}

export function templateOf({ template, kind }: Pick<Environment, 'template' | 'kind'>): string {
  if (template) return `${template.name}@${template.version}`
  return kind === 'attachment' ? '(attached)' : '(build)'
}

/** Milliseconds since somebody last used it, or since it was made where nobody has. */
export function idleMs({ lastActivity, createdAt }: Pick<Environment, 'lastActivity' | 'createdAt'>, now: number): number {
  return now - Date.parse(lastActivity?.at ?? createdAt)
}

function isServing({ state, health }: Pick<Instance, 'state' | 'health'>): boolean {
  return state === 'running' && (health === 'none' || health === 'healthy')
}

/** `3/4`: instances that serve, of all. */
function countInstances({ hosts }: Pick<Environment, 'hosts'>): string {
  const instances = hosts.flatMap((host) => host.instances)
  return instances.length === 0 ? '-' : `${instances.filter(isServing).length}/${instances.length}`
}

/** The services of an environment as a block: `www  http://…`. The main one comes first. */
export function formatServices({ services }: Pick<Environment, 'services'>): string {
  const ordered = services.toSorted((a, b) => Number(b.name === 'www') - Number(a.name === 'www'))
  const longest = Math.max(0, ...ordered.map(({ name }) => name.length))
  return ordered.map(({ name, url }) => `${name.padEnd(longest)}  ${url}`).join('\n')
}

export function listColumns(paint: Paint, now: number): readonly Column<Environment>[] {
  return [
    { title: 'NAME', value: ({ name }) => name },
    { title: 'CONFIGID', value: ({ id }) => String(id), align: 'right' },
    { title: 'TEMPLATE', value: templateOf },
    { title: 'STATE', value: ({ state }) => paint.state(state) },
    { title: 'AGE', value: ({ createdAt }) => formatAge(now - Date.parse(createdAt)), align: 'right' },
    { title: 'IDLE', value: (environment) => formatAge(idleMs(environment, now)), align: 'right' },
    { title: 'INSTANCES', value: countInstances, align: 'right' },
    { title: 'CPU', value: ({ stats }) => (stats ? stats.cpu.toFixed(2) : '-'), align: 'right' },
    { title: 'MEMORY', value: ({ stats }) => (stats ? formatSize(stats.memoryBytes) : '-'), align: 'right' },
  ]
}

/** What each has cost so far. */
export function costColumn(costs: ReadonlyMap<number, CostSoFar>): Column<Environment> {
  const value = ({ id }: Environment) => {
    const cost = costs.get(id)
    return cost === undefined ? '-' : formatMoney(cost.soFar, cost.currency)
  }
  return { title: 'COST', value, align: 'right' }
}

/** For `list --deleted`: until when each can be brought back. */
export function trashColumns(now: number): readonly Column<Environment>[] {
  return [
    { title: 'NAME', value: ({ name }) => name },
    { title: 'CONFIGID', value: ({ id }) => String(id), align: 'right' },
    { title: 'TEMPLATE', value: templateOf },
    { title: 'DELETED', value: ({ stateChangedAt }) => `${formatAge(now - Date.parse(stateChangedAt))} ago`, align: 'right' },
    { title: 'PURGED IN', value: ({ purgeAt }) => (purgeAt ? formatAge(Date.parse(purgeAt) - now) : '-'), align: 'right' },
    { title: 'BY', value: ({ reason }) => reason.actor },
  ]
}

/** An instant as local time, to the second: `2026-11-21 09:15:42`. */
export function formatInstant(at: string | number): string {
  const date = new Date(at)
  const pad = (value: number) => String(value).padStart(2, '0')
  return (
    `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ` +
    `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`
  )
}
