import { type Fault, StandinError } from '@standin/client'
import type { Position } from './located.ts'

/** More than these help nobody, and a hostile file must not make a huge answer. */
const mostFaults = 200

/** Collects every fault and warning of a blueprint, so that all are reported at once. */
export class Faults {
  readonly #errors: Fault[] = []
  readonly #warnings: Fault[] = []

  /** `path` is the dotted way to the value: `services.web.ports.0`. */
  error(at: Position, path: string, message: string): void {
    add(this.#errors, at, path, message)
  }

  warn(at: Position, path: string, message: string): void {
    add(this.#warnings, at, path, message)
  }

  get warnings(): readonly Fault[] {
    return this.#warnings
  }

  get count(): number {
    return this.#errors.length
  }

  get hasErrors(): boolean {
    return this.#errors.length > 0
  }

  /** @throws StandinError `blueprint_invalid` with all errors in the order of the files, if there are any. */
  throwIfAny(file: string): void {
    if (this.#errors.length === 0) return
    const errors = this.#errors.toSorted(
      (a, b) => (a.file ?? '').localeCompare(b.file ?? '') || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    )
    const count = errors.length === 1 ? 'one fault' : `${errors.length} faults`
    const first = errors[0]
    const where = first === undefined ? '' : `: ${first.file}:${first.line}:${first.column} ${first.message}`
    throw new StandinError('blueprint_invalid', `${file} has ${count}${errors.length === 1 ? where : ''}`, {
      hint: 'Mend what is listed, then look again with: standin blueprint check',
      errors: errors.slice(0, mostFaults),
    })
  }
}

function add(list: Fault[], at: Position, path: string, message: string): void {
  const known = list.some(
    (fault) => fault.file === at.file && fault.line === at.line && fault.column === at.column && fault.message === message,
  )
  if (!known) list.push({ path, message, file: at.file, line: at.line, column: at.column })
}
