import type { Answer } from '../wire/answer.ts'
import type { Query } from '../wire/query.ts'
import type { Handler } from './handler.ts'
import type { RuleName } from './rule-names.ts'

/** One link of the chain, with its name. */
export interface Link {
  readonly rule: RuleName
  readonly handle: Handler
  /** Where in it an answer comes from, for people: asked of few, after the answer is there. Default: nothing more than the rule. */
  readonly explain?: (query: Query, answer: Answer) => string
}
