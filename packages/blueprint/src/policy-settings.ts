import { RoutePolicy } from '@standin/client'
import { parseDuration } from './quantities.ts'
import type { JsonSchema } from './validate-located.ts'

/**
 * `RoutePolicy` as a person writes it: a duration carries its unit, so `intervalMs: 5000` is `interval: 5s`. Where that name
 * is another key's, it is told apart: `pendingMs` is `pendingFor`.
 */
export type PolicySettings = Settings<RoutePolicy>

type Settings<T> = T extends object
  ? {
      [K in keyof T as K extends `${infer Name}Ms` ? (Name extends keyof T ? `${Name}For` : Name) : K]: K extends `${string}Ms`
        ? string
        : Settings<T[K]>
    }
  : T

const policySchema = RoutePolicy as JsonSchema

/** Made from the schema of `RoutePolicy`, so that both have the same names, bounds and words. */
export const policySettings: JsonSchema = settingsOf(policySchema)

/**
 * The policy that was written, durations as milliseconds. It fits `policySettings` already.
 * @param fault told of each duration that is out of bounds, with the JSON pointer to it
 */
export function readPolicy(settings: PolicySettings, fault: (pointer: string, message: string) => void): RoutePolicy {
  return readSettings(settings, policySchema, '', fault) as RoutePolicy
}

function settingsOf(schema: JsonSchema): JsonSchema {
  const properties = Object.entries(schema.properties ?? {}).map(([key, rule]): [string, JsonSchema] => {
    if (isDuration(key)) return [settingName(key, schema), { type: 'string', format: 'duration', description: rule.description ?? '' }]
    return [key, rule.type === 'object' ? settingsOf(rule) : rule]
  })
  const { required } = schema
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required === undefined ? {} : { required: required.map((key) => settingName(key, schema)) }),
    ...(schema.description === undefined ? {} : { description: schema.description }),
  }
}

function readSettings(settings: object, schema: JsonSchema, pointer: string, fault: (pointer: string, message: string) => void): object {
  const written = settings as Readonly<Record<string, unknown>>
  const entries = Object.entries(schema.properties ?? {}).flatMap(([key, rule]): [string, unknown][] => {
    const name = settingName(key, schema)
    const value = written[name]
    const at = `${pointer}/${name}`
    if (value === undefined) return []
    if (rule.type === 'object') return [[key, readSettings(value as object, rule, at, fault)]]
    return [[key, isDuration(key) ? readDuration(String(value), rule, (message) => fault(at, message)) : value]]
  })
  return Object.fromEntries(entries)
}

function readDuration(text: string, { minimum = 0, maximum = Infinity }: JsonSchema, fault: (message: string) => void): number {
  const value = parseDuration(text)
  if (value === null || value < minimum || value > maximum) {
    fault(`"${text}" is not from ${inWords(minimum)} to ${inWords(maximum)}`)
    return minimum
  }
  return value
}

function inWords(milliseconds: number): string {
  if (milliseconds % 3_600_000 === 0) return `${milliseconds / 3_600_000}h`
  return milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`
}

function isDuration(key: string): boolean {
  return key.endsWith('Ms')
}

function settingName(key: string, { properties = {} }: JsonSchema): string {
  if (!isDuration(key)) return key
  const name = key.slice(0, -2)
  return Object.hasOwn(properties, name) ? `${name}For` : name
}
