import type { Answer } from '../wire/answer.ts'

/** A name that exists, and what it answers. Never changed: where something about it is new, it is another object. */
export interface NameNode {
  /** It is a host that has no address just now. */
  readonly isBare: boolean
  /** Undefined: the name has no records of that type. */
  answer(type: number): Answer | undefined
}

/** A name that exists because of those below it: RFC 8020, section 2; RFC 4592, section 2.2.2. */
export const emptyNonTerminal: NameNode = { isBare: false, answer: () => undefined }
