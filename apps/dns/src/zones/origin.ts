import { labelOffsets, type WireName, wireName } from '../wire/name.ts'

/** The name at which a zone begins. */
export interface Origin {
  readonly text: string
  readonly wire: WireName
  readonly labelCount: number
}

/** Undefined where the text is no name. */
export function originOf(text: string): Origin | undefined {
  const wire = wireName(text)
  return wire === undefined
    ? undefined
    : { text: text.endsWith('.') ? text.slice(0, -1) : text, wire, labelCount: labelOffsets(wire).length }
}

/** How many labels a name has in front of the origin: 0 is the origin itself, -1 a name outside. */
export function labelsBelow(origin: Origin, name: WireName, labels: readonly number[]): number {
  const depth = labels.length - origin.labelCount
  if (depth < 0) return -1
  // The same octets can stand in the middle of a label: only at a label's start do they mean the origin.
  const start = depth === labels.length ? name.length - 1 : labels[depth]
  return start === name.length - origin.wire.length && name.endsWith(origin.wire) ? depth : -1
}
