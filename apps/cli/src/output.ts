import type { Writable } from 'node:stream'
import { createPaint, type Paint } from './paint.ts'
import { type Column, formatTable } from './table.ts'

export const formats = ['table', 'json', 'yaml'] as const
export type Format = (typeof formats)[number]

/** Data goes to stdout through this, in the format that was asked for. Messages never do. */
export class Output {
  readonly format: Format
  readonly paint: Paint
  readonly #stream: Writable & { isTTY?: boolean }

  constructor(stream: Writable & { isTTY?: boolean }, format: Format, env: NodeJS.ProcessEnv) {
    this.#stream = stream
    this.format = format
    this.paint = createPaint(stream, env)
  }

  /** One thing: an object for scripts, a text for people. */
  async one(value: unknown, text: () => string): Promise<void> {
    this.text(this.format === 'table' ? text() : await this.#serialize(value))
  }

  /** A list: one array for scripts, a table for people. `empty` is said where there is nothing to show. */
  async list<T>(rows: readonly T[], columns: readonly Column<T>[]): Promise<void> {
    await this.one(rows, () => formatTable(columns, rows, this.paint.dim))
  }

  /** One element of a stream: JSON Lines for scripts, a YAML document each, a line for people. */
  async element(value: unknown, text: () => string): Promise<void> {
    if (this.format === 'yaml') this.text(`---\n${await toYaml(value)}`)
    else this.text(this.format === 'json' ? JSON.stringify(value) : text())
  }

  text(text: string): void {
    this.#stream.write(`${text}\n`)
  }

  async #serialize(value: unknown): Promise<string> {
    if (this.format === 'yaml') return toYaml(value)
    return this.#stream.isTTY ? JSON.stringify(value, null, 2) : JSON.stringify(value)
  }
}

async function toYaml(value: unknown): Promise<string> {
  const { stringify } = await import('yaml')
  return stringify(value, { lineWidth: 0 }).trimEnd()
}
