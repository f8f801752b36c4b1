/** What a follower needs of a logger; pino is one. */
export interface Log {
  info(data: object, message?: string): void
  warn(data: object, message?: string): void
  error(data: object, message?: string): void
}
