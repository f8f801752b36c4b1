import Type, { type TSchema } from 'typebox'

/** An instant, ISO 8601 in UTC with milliseconds: `2026-11-21T08:45:23.120Z`. */
export const Timestamp = Type.String({ description: 'ISO 8601 instant in UTC, e.g. 2026-11-21T08:45:23.120Z' })

/** The integer id of an environment; the first one is 1001, none is ever reused. */
export const ConfigId = Type.Integer({ minimum: 1001, description: 'Id of an environment; never reused' })

/** A DNS label as every name of ours must be one (RFC 1123, section 2.1), lower case. */
export const namePattern = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'
export const Name = Type.String({ pattern: namePattern, description: 'Lower-case DNS label, 1 to 63 characters' })

/** `127.64.0.1:8080`, `[::1]:8080`. */
export const HostPort = Type.String({ pattern: '^(\\[[0-9a-fA-F:.]+\\]|[^:\\s/]+):[0-9]{1,5}$', description: 'address:port' })

export const Labels = Type.Record(Type.String({ maxLength: 128 }), Type.String({ maxLength: 1024 }), {
  description: 'Free key-value pairs',
})

/** A page of a list. `nextCursor` is null on the last page. */
export const Page = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), nextCursor: Type.Union([Type.String(), Type.Null()]) })

/** What every list can be asked. */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'How many at most' })),
  cursor: Type.Optional(Type.String({ maxLength: 200, description: '`nextCursor` of the page before' })),
}

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/** One of these strings, and nothing wider than that as a type. */
export const literals = <const T extends readonly string[]>(
  values: T,
  description?: string,
): Type.TEnum<{ -readonly [K in keyof T]: T[K] }> =>
  Type.Enum<{ -readonly [K in keyof T]: T[K] }>([...values] as never, description === undefined ? {} : { description })
