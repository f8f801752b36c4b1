/** `label`: only its labels are changed. `keep`: nothing is to be done. */
type Action = 'suspend' | 'resume' | 'delete' | 'label' | 'keep'

/** Something that is to happen to an environment. */
export interface Step {
  readonly action: Exclude<Action, 'keep'>
  /** Milliseconds since the epoch; it is due once that is not later than now. */
  readonly at: number
  /** `idle`, `nightly evening`, `age`. */
  readonly rule: string
  /** In words; kept as the reason of the change. */
  readonly because: string
  /** What somebody could do about it, each a sentence. */
  readonly whatWouldChangeIt: readonly string[]
  /** Of `label`: what to set, or with null to take away. */
  readonly labels?: Readonly<Record<string, string | null>>
}

/** Why nothing is to happen. */
export interface Kept {
  readonly rule: string
  readonly because: string
  readonly whatWouldChangeIt: readonly string[]
}

/** What is decided of one environment: the next step, or why there is none. */
export interface Decision extends Omit<Step, 'action' | 'at'> {
  readonly action: Action
  /** Null: never, as things are. */
  readonly at: number | null
  /** Further steps, in the order of time, as far as they are known. */
  readonly later: readonly Step[]
  /** Labels that can't be understood: they are taken as a wish to stay. */
  readonly faults: readonly string[]
}

/** `2026-11-21 20:00 UTC`. */
export function instant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** `45m`, `4h`, `3d`: to one unit, rounded up. */
export function span(ms: number): string {
  const minutes = Math.ceil(ms / 60_000)
  if (minutes < 120) return `${minutes}m`
  const hours = Math.ceil(minutes / 60)
  return hours < 72 ? `${hours}h` : `${Math.ceil(hours / 24)}d`
}
